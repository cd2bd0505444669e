//go:build netns

package link_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/netnstest"
)

// lab is a namespace to make links in. It has pairs a0–b0 and a1–b1 to stand on.
type lab struct {
	*netnstest.Namespace
	host *host.Host
}

func newLab(t *testing.T) lab {
	t.Helper()
	n := netnstest.New(t)
	for _, number := range []string{"0", "1"} {
		n.IP(t, "link", "add", "name", "a"+number, "type", "veth", "peer", "name", "b"+number)
		n.IP(t, "link", "set", "a"+number, "up")
		n.IP(t, "link", "set", "b"+number, "up")
	}
	handle, err := linux.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return lab{n, &host.Host{Kernel: handle}}
}

// declare carries out a task about one link of a kind, whose arguments are JSON, and returns its plan.
func (l lab) declare(t *testing.T, kind, arguments string) (*host.Plan, error) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(arguments), &fields); err != nil {
		t.Fatalf("%v in %s", err, arguments)
	}
	_, wanted, err := host.ParseSingle(kind, fields)
	if err != nil {
		return nil, err
	}
	return l.run(wanted)
}

// network carries out a task about many objects.
func (l lab) network(t *testing.T, arguments string) (*host.Plan, error) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(arguments), &fields); err != nil {
		t.Fatalf("%v in %s", err, arguments)
	}
	_, wanted, err := host.ParseNetwork(fields)
	if err != nil {
		return nil, err
	}
	return l.run(wanted)
}

func (l lab) run(wanted *host.State) (*host.Plan, error) {
	found, err := l.host.Plan(wanted)
	if err != nil {
		return nil, err
	}
	return found, l.host.Run(found, wanted)
}

// must is declare for what must succeed and then be silent.
func (l lab) must(t *testing.T, kind, arguments string) *host.Plan {
	t.Helper()
	found, err := l.declare(t, kind, arguments)
	if err != nil {
		t.Fatalf("%s: %v", arguments, err)
	}
	if again, err := l.declare(t, kind, arguments); err != nil || len(again.Steps) > 0 {
		t.Errorf("%s: a second run: %v\n%s", arguments, err, steps(again))
	}
	return found
}

// mustNetwork is network for what must succeed and then be silent.
func (l lab) mustNetwork(t *testing.T, arguments string) *host.Plan {
	t.Helper()
	found, err := l.network(t, arguments)
	if err != nil {
		t.Fatalf("%s: %v", arguments, err)
	}
	if again, err := l.network(t, arguments); err != nil || len(again.Steps) > 0 {
		t.Errorf("%s: a second run: %v\n%s", arguments, err, steps(again))
	}
	return found
}

func steps(found *host.Plan) string {
	if found == nil {
		return ""
	}
	var lines []string
	for _, step := range found.Steps {
		lines = append(lines, fmt.Sprint(step.Action, " ", step.Object, " ", step.Changes, " ", step.Disruption))
	}
	return strings.Join(lines, "\n")
}

// told is what iproute2 tells of a link. The place is a path of keys in its JSON, or a file: sys:FILE is below the
// link's folder in /sys, proc:FILE below /proc/sys/net; bridge:KEY is told by bridge(8); text:WORDS asks whether it
// says so where its JSON does not. Nothing, and what is off, is "null".
func (l lab) told(t *testing.T, name, place string) string {
	t.Helper()
	if file, found := strings.CutPrefix(place, "proc:"); found {
		return strings.TrimSpace(l.Exec(t, "cat", "/proc/sys/net/"+file))
	}
	if file, found := strings.CutPrefix(place, "sys:"); found {
		return strings.TrimSpace(l.Exec(t, "cat", "/sys/class/net/"+name+"/"+file))
	}
	if text, found := strings.CutPrefix(place, "text:"); found {
		return strconv.FormatBool(strings.Contains(l.IP(t, "-d", "link", "show", name), text))
	}
	var links []map[string]any
	if key, found := strings.CutPrefix(place, "bridge:"); found {
		place = key
		if err := json.Unmarshal([]byte(l.Exec(t, "bridge", "-j", "-d", "link", "show", "dev", name)), &links); err != nil {
			t.Fatal(err)
		}
	} else {
		l.JSON(t, &links, "link", "show", name)
	}
	if len(links) != 1 {
		t.Fatalf("iproute2 tells of %d links %s", len(links), name)
	}
	value := any(links[0])
	for key := range strings.SplitSeq(place, ".") {
		fields, _ := value.(map[string]any)
		var there bool
		if value, there = fields[key]; there && value == nil && key != "arp_validate" {
			value = true // a flag that is told of by its name alone
		}
	}
	if value == false {
		value = nil // some releases of iproute2 tell what is off, others do not
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// option is a test of one option.
type option struct {
	name string
	// with are further options that it needs, in JSON without braces.
	with string
	// place is where the witness looks, see told.
	place string
	// values are pairs: a value in JSON, and what the witness is to tell. The first comes with a new link, the next
	// ones by a change, the last one is the kernel's default where there is one.
	values [][2]string
	// since is the first kernel that knows the option; an older one must make a task fail that names it.
	since string
	// shown is the first iproute2 that tells of the option; with an older one the kernel's answer to us must do.
	shown string
}

// try runs the tests of a kind's options, each in a namespace of its own. base is what all of them need, in JSON
// without braces; subject is the link that the witness looks at.
func try(t *testing.T, kind, base, subject string, options []option) {
	t.Helper()
	for _, one := range options {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			for _, pair := range one.values {
				arguments := "{" + joined(base, one.with, fmt.Sprintf("%q: %s", one.name, pair[0])) + "}"
				if strings.Contains(base, "%s") {
					arguments = "{" + fmt.Sprintf(joined(base, one.with), fmt.Sprintf("%q: %s", one.name, pair[0])) + "}"
				}
				if olderThan(t, one.since) {
					l.refuses(t, kind, arguments, one.name)
					return
				}
				l.must(t, kind, arguments)
				if got := l.told(t, subject, one.place); got != pair[1] && !oldWitness(t, one.shown) {
					t.Errorf("%s %s: the witness tells %s at %s, want %s", one.name, pair[0], got, one.place, pair[1])
				}
			}
		})
	}
}

// refuses expects an option that this kernel does not know to fail the task by name and to leave nothing behind. A
// distribution's kernel may have it all the same; then it must be kept.
func (l lab) refuses(t *testing.T, kind, arguments, name string) {
	t.Helper()
	before := l.Snapshot(t)
	_, err := l.declare(t, kind, arguments)
	if err == nil {
		l.must(t, kind, arguments)
		return
	}
	if !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "kernel") {
		t.Errorf("%s: %v", arguments, err)
	}
	if after := l.Snapshot(t); after != before {
		t.Errorf("the host differs:\n%s\n%s", before, after)
	}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
}

// oldWitness tells whether this iproute2 is older than that.
func oldWitness(t *testing.T, shown string) bool {
	t.Helper()
	if shown == "" {
		return false
	}
	text, err := exec.Command("ip", "-V").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(text), "iproute2-")
	return number(t, version) < number(t, shown)
}

var release = regexp.MustCompile(`^(\d+)\.(\d+)`)

func olderThan(t *testing.T, since string) bool {
	t.Helper()
	if since == "" {
		return false
	}
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	return number(t, string(text)) < number(t, since)
}

// number makes releases comparable.
func number(t *testing.T, text string) int {
	t.Helper()
	match := release.FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("release %q", text)
	}
	major, _ := strconv.Atoi(match[1])
	minor, _ := strconv.Atoi(match[2])
	return major*1000 + minor
}

// complete sees to it that every option of a kind has a test.
func complete(t *testing.T, kind string, tested []option, elsewhere ...string) {
	t.Helper()
	for _, doc := range link.Options(kind).Docs() {
		has := slices.ContainsFunc(tested, func(o option) bool { return o.name == doc.Name })
		// What is required counts at boot: TestOptionalPort of internal/task.
		if !has && doc.Name != "required" && !slices.Contains(elsewhere, doc.Name) {
			t.Errorf("option %s of %q has no test", doc.Name, kind)
		}
	}
}

// everywhere are options that common_netns_test.go and the tests of behaviour cover for all kinds.
var everywhere = []string{"name", "state", "up", "mtu", "mac_address", "accept_ra", "proxy_arp", "rp_filter",
	"forwarding"}
