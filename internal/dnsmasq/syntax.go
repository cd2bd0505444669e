package dnsmasq

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// testLimit bounds `dnsmasq --test`, which reads its input and ends.
const testLimit = 10 * time.Second

// testedLine is a line of configuration, with the place of the option that it comes from.
type testedLine struct {
	text string
	at   schema.Place
}

// tested is the whole configuration as dnsmasq is to judge it: it does not look into the files of static leases and
// options with --test, so that these stand in the configuration itself.
func (i *Instance) tested(s *system.System, user string, at schema.Place) []testedLine {
	var lines []testedLine
	add := func(at schema.Place, text string) { lines = append(lines, testedLine{text, at}) }
	for _, line := range i.mainLines(s, user) {
		add(at, line)
	}
	if i.WantsDHCP() || i.Mode() != "none" {
		for n, lease := range list(i.StaticLeases) {
			add(at.Key("static_leases").Index(n), "dhcp-host="+lease.line())
		}
		for _, option := range i.optionLines(at) {
			add(option.at, "dhcp-option="+option.text)
		}
	}
	for n, line := range list(i.ExtraLines) {
		add(at.Key("extra_lines").Index(n), line)
	}
	return lines
}

// test lets dnsmasq judge the configuration before it is written. It stops at the first bad line, so it is asked again
// without that one.
func (i *Instance) test(s *system.System, program, user string, at schema.Place) {
	// The user is asked for with an own message, and dnsmasq would say it less plainly.
	if _, known := i.userFor(s); !known {
		return
	}
	lines := i.tested(s, user, at)
	const most = 20
	for range most {
		var config strings.Builder
		for _, line := range lines {
			config.WriteString(line.text + "\n")
		}
		asked := askedOf(program, config.String())
		if _, known := accepted.Load(asked); known {
			return
		}
		_, err := s.Run(testLimit, []byte(config.String()), program, "--test", "--conf-file=-")
		if err == nil {
			accepted.Store(asked, true)
			return
		}
		bad, found := badLine(len(lines), err.Error())
		if !found {
			at.Problem("dnsmasq refuses the configuration: %v", err)
			return
		}
		lines[bad].at.Problem("dnsmasq refuses %q: %s", lines[bad].text, complaint(err.Error()))
		lines = slices.Delete(lines, bad, bad+1)
	}
}

// accepted are the configurations that dnsmasq has found right, so that a task starts it once for each.
var accepted sync.Map

// askedOf is a question to that very program: another release may judge otherwise.
func askedOf(program, config string) string {
	info, err := os.Stat(program)
	if err != nil {
		return program + "\n" + config
	}
	return fmt.Sprintln(program, info.Size(), info.ModTime().UnixNano()) + config
}

// badLine finds the number of the line, from 0, of which dnsmasq complains.
func badLine(lines int, said string) (int, bool) {
	_, rest, found := strings.Cut(said, " at line ")
	var number int
	if _, err := fmt.Sscan(rest, &number); !found || err != nil || number < 1 || number > lines {
		return 0, false
	}
	return number - 1, true
}

// complaint is what dnsmasq says of a line, without the line's number, which is of our making.
func complaint(said string) string {
	before, _, _ := strings.Cut(said, " at line ")
	if at := strings.LastIndex(before, "dnsmasq: "); at >= 0 {
		before = before[at+len("dnsmasq: "):]
	}
	return strings.TrimSpace(before)
}
