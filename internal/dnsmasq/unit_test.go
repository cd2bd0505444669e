package dnsmasq

import (
	"os/exec"
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
)

// FuzzUnitName: the service of an instance has a name that systemd takes as it is, by its own program where that is
// installed, and an instance whose name does not is refused.
func FuzzUnitName(f *testing.F) {
	for _, seed := range []string{"br0", "br-lan", "br0.10", "a*b", "!b", "a[b]", "é", `a\x2d`, "-a", "--all", "a@b",
		"a_b", "a+b"} {
		f.Add(seed)
	}
	program, _ := exec.LookPath("systemd-escape")
	f.Fuzz(func(t *testing.T, link string) {
		if schema.CheckLinkName(link) != nil || !plainName().MatchString(link) {
			return
		}
		unit := UnitName(link)
		if strings.ContainsFunc(unit, func(r rune) bool {
			return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-@", r)
		}) {
			t.Errorf("%q is the service %q", link, unit)
		}
		if program == "" {
			return
		}
		said, err := exec.Command(program, "--mangle", "--", unit).Output()
		if got := strings.TrimSuffix(string(said), "\n"); err != nil || got != unit {
			t.Errorf("systemd takes %q for %q, %v", unit, got, err)
		}
	})
}
