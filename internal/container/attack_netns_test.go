//go:build netns

package container

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestLentCardUnderAttack: whatever a container's root calls the card that it was lent, or gives it for a MAC address,
// nothing else of the host's changes when the container ends, and the card is home under its own name.
func TestLentCardUnderAttack(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, nic := range []string{"8", "9"} {
		lxctest.Must(t, "ip", "link", "add", "nic"+nic, "address", "00:16:3e:00:0"+nic+":00", "type", "veth", "peer", "name",
			"wire"+nic)
		t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "wire"+nic) })
	}
	lxctest.Bridge(t, "br-v")
	c := lxctest.New(t, folder, "hostile")
	for name, attack := range map[string]string{
		"the name of another card":      "ip link set wan0 down; ip link set wan0 name nic9",
		"the name of the host's bridge": "ip link set wan0 down; ip link set wan0 name br-v",
		"a name that is a pattern":      "ip link set wan0 down; ip link set wan0 name 'a*b$(x)'",
		"another card's MAC address":    "ip link set wan0 down; ip link set wan0 address 00:16:3e:00:09:00",
		"another card's other name":     "ip link property add dev wan0 altname nic9",
		"an MTU of 68 and an alias":     "ip link set wan0 mtu 68; ip link set wan0 alias nic9",
	} {
		t.Run(name, func(t *testing.T) {
			apply(t, folder, args{"container": c.Name, "name": "wan0", "type": "phys", "parent": "nic8",
				"addresses": []any{"10.5.0.3/24"}})
			others := func() string {
				var out []string
				links := (*lxctest.Container)(nil).Links(t)
				for _, one := range []string{"nic9", "br-v"} {
					out = append(out, fmt.Sprintf("%s %+v", one, links[one]))
				}
				return strings.Join(out, "\n")
			}
			before := others()
			lxctest.Must(t, "nsenter", "-t", fmt.Sprint(c.PID(t)), "-n", "sh", "-ec", attack)
			if err := syscall.Kill(c.PID(t), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			until(t, "the card is home", func() bool {
				link, there := (*lxctest.Container)(nil).Links(t)["nic8"]
				return there && link.Address == "00:16:3e:00:08:00" && link.MTU == 1500
			})
			stopped(t, c)
			if now := others(); now != before {
				t.Errorf("other links of the host were\n%s\nand are\n%s", before, now)
			}
			apply(t, folder, args{"container": c.Name, "name": "wan0", "state": "absent"})
			c.Start(t)
		})
	}
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	until(t, "nobody is followed", func() bool { return len(followedFiles()) == 0 })
}
