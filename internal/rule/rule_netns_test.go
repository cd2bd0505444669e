//go:build netns

package rule_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

type lab struct {
	*netnstest.Namespace
	host *host.Host
}

func newLab(t *testing.T) lab {
	t.Helper()
	t.Parallel()
	n := netnstest.New(t)
	handle, err := linux.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return lab{n, &host.Host{Kernel: handle}}
}

// declare carries out a task about one rule, given as JSON.
func (l lab) declare(t *testing.T, arguments string) (*host.Plan, error) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(arguments), &fields); err != nil {
		t.Fatal(err)
	}
	_, wanted, err := host.ParseRule(fields)
	if err != nil {
		return nil, err
	}
	found, err := l.host.Plan(wanted)
	if err != nil {
		return nil, err
	}
	return found, l.host.Run(found, wanted)
}

// must is declare for what must succeed and then be silent.
func (l lab) must(t *testing.T, arguments string) {
	t.Helper()
	if _, err := l.declare(t, arguments); err != nil {
		t.Fatalf("%s: %v", arguments, err)
	}
	if again, err := l.declare(t, arguments); err != nil || len(again.Steps) > 0 {
		t.Errorf("%s: a second run: %v, %d steps", arguments, err, len(again.Steps))
	}
}

// told is what iproute2 tells of the rules of a family with a priority.
func (l lab) told(t *testing.T, family string, priority int) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(l.IP(t, family, "rule", "show", "priority", fmt.Sprint(priority))) {
		lines = append(lines, strings.Join(strings.Fields(line)[1:], " "))
	}
	// Without /etc/protocols iproute2 has no names for them.
	return strings.ReplaceAll(strings.Join(lines, "; "), "ipproto-6", "tcp")
}

// TestEveryOption sets an option, changes what can be changed in place of the same rule, and removes the rule.
func TestEveryOption(t *testing.T) {
	for option, one := range map[string]struct{ declared, want string }{
		"from and table": {`"from": "192.0.2.0/24", "table": 100`, "from 192.0.2.0/24 lookup 100 proto static"},
		"to":             {`"to": "192.0.2.1", "table": "main"`, "from all to 192.0.2.1 lookup main proto static"},
		"iif":            {`"iif": "lo", "table": 100`, "from all iif lo lookup 100 proto static"},
		"oif":            {`"oif": "eth9", "table": 100`, "from all oif eth9 [detached] lookup 100 proto static"},
		"fwmark":         {`"fwmark": 7, "table": 100`, "from all fwmark 0x7 lookup 100 proto static"},
		"fwmask": {`"fwmark": 7, "fwmask": 15, "table": 100`,
			"from all fwmark 0x7/0xf lookup 100 proto static"},
		"tos": {`"tos": 16, "table": 100`, "from all tos 0x10 lookup 100 proto static"},
		"ipproto, sport, dport": {`"ipproto": "tcp", "sport": "1000-2000", "dport": 443, "table": 100`,
			"from all ipproto tcp sport 1000-2000 dport 443 lookup 100 proto static"},
		"uidrange": {`"uidrange": "1000-1999", "table": 100`,
			"from all uidrange 1000-1999 lookup 100 proto static"},
		"invert": {`"from": "192.0.2.0/24", "invert": true, "table": 100`,
			"not from 192.0.2.0/24 lookup 100 proto static"},
		"suppress_prefixlength": {`"table": "main", "suppress_prefixlength": 0`,
			"from all lookup main suppress_prefixlength 0 proto static"},
		"action": {`"from": "192.0.2.0/24", "action": "blackhole"`, "from 192.0.2.0/24 blackhole proto static"},
		"goto":   {`"from": "192.0.2.0/24", "goto": 32766`, "from 192.0.2.0/24 goto 32766 proto static"},
	} {
		t.Run(option, func(t *testing.T) {
			l := newLab(t)
			before := l.Snapshot(t)
			for priority, family := range map[int]string{1000: "-4", 1001: "-6"} {
				if family == "-6" && strings.Contains(one.declared, "192.0.2") {
					continue
				}
				rule := fmt.Sprintf(`"priority": %d, %s`, priority, one.declared)
				rule += fmt.Sprintf(`, "family": %q`, map[string]string{"-4": "inet", "-6": "inet6"}[family])
				l.must(t, "{"+rule+"}")
				if got := l.told(t, family, priority); got != one.want {
					t.Errorf("%s: the witness tells %q, want %q", rule, got, one.want)
				}
				l.must(t, "{"+rule+`, "state": "absent"}`)
			}
			if after := l.Snapshot(t); after != before {
				t.Errorf("after state absent:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

func TestChangesInPlace(t *testing.T) {
	l := newLab(t)
	l.must(t, `{"priority": 1000, "from": "192.0.2.0/24", "table": 100}`)
	l.must(t, `{"priority": 1000, "from": "192.0.2.0/24", "table": 101}`)
	if got := l.told(t, "-4", 1000); got != "from 192.0.2.0/24 lookup 101 proto static" {
		t.Errorf("rules: %q", got)
	}
}

func TestBadRules(t *testing.T) {
	l := newLab(t)
	before := l.Snapshot(t)
	for arguments, want := range map[string]string{
		`{"priority": 1000, "from": "192.0.2.0/24"}`:                       "table: is required",
		`{"priority": 1000, "from": "192.0.2.1/24", "table": 100}`:         "from:",
		`{"priority": 1000, "sport": 10, "table": 100, "family": "inet"}`:  "ipproto: is required together with ports",
		`{"priority": 1000, "goto": 500, "family": "inet"}`:                "goto: 500 is not after the rule itself",
		`{"priority": -1, "table": 100}`:                                   "priority: must be from 0",
		`{"prioritty": 1, "table": 100}`:                                   `did you mean "priority"?`,
		`{"priority": 1, "from": "192.0.2.0/24", "to": "::1", "table": 1}`: "",
	} {
		if _, err := l.declare(t, arguments); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
	if l.Snapshot(t) != before {
		t.Error("a refused task changed the host")
	}
}
