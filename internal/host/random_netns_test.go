//go:build netns

package host

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/host/hosttest"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// randomHost is a namespace whose cards are ends of veth pairs.
type randomHost struct {
	*netnstest.Namespace
	*Host
}

func newRandomHost(t *testing.T) randomHost {
	t.Helper()
	n, far := netnstest.New(t), netnstest.New(t)
	n.IP(t, "link", "set", "lo", "up")
	// Nobody else has these addresses; waiting for that to be proved would be most of the test.
	n.Exec(t, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad")
	for i := range 4 {
		card := fmt.Sprintf("eth%d", i)
		n.IP(t, "link", "add", card, "type", "veth", "peer", "name", card, "netns", far.Name)
		far.IP(t, "link", "set", card, "up", "mtu", "9000")
	}
	handle, err := linux.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return randomHost{n, &Host{Kernel: handle}}
}

// known is what this kernel can do.
func known(t *testing.T) hosttest.Options {
	t.Helper()
	can := func(kind ...string) bool {
		n := netnstest.New(t)
		_, err := n.Try("ip", append([]string{"link", "add", "name", "probe0", "type"}, kind...)...)
		return err == nil
	}
	_ = exec.Command("modprobe", "-q", "bonding", "max_bonds=0").Run()
	return hosttest.Options{
		Cards: []string{"eth0", "eth1", "eth2", "eth3"},
		Bonds: can("bond"), Dummies: can("dummy"), Filtering: can("bridge", "vlan_filtering", "1"), VLANs: can("vlan", "id", "5"),
	}
}

// TestRandomStates makes random networks on a real kernel, one after the other, each silent when repeated, each
// restored to the one before with iproute2 as the witness, each undone when one of its steps fails.
func TestRandomStates(t *testing.T) {
	options := known(t)
	const chains, length = 5, 10
	for chain := range uint64(chains) {
		t.Run(fmt.Sprint(chain), func(t *testing.T) {
			t.Parallel()
			h := newRandomHost(t)
			if _, err := carryOut(t, h.Host, hosttest.Network(chain*100, options)); err != nil {
				t.Fatal(err)
			}
			for number := range uint64(length) {
				h.tryNext(t, hosttest.Network(chain*100+number+1, options), int(number))
			}
		})
	}
}

func (h randomHost) tryNext(t *testing.T, network map[string]any, failing int) {
	t.Helper()
	before, text := observed(t, h.Host), h.Snapshot(t)
	h.BeforeStep = func(number int) error {
		if number == failing {
			return errors.New("stopped by the test")
		}
		return nil
	}
	found, err := carryOut(t, h.Host, network)
	h.BeforeStep = nil
	if err != nil {
		h.same(t, text, fmt.Sprintf("stopped at step %d (%v) in %v", failing, err, network))
		found, err = carryOut(t, h.Host, network)
	}
	if err != nil {
		h.same(t, text, fmt.Sprintf("refused (%v)", err))
		return
	}
	again, err := carryOut(t, h.Host, network)
	if err != nil || len(again.Steps) > 0 {
		t.Errorf("a second run: %v\n%s", err, describe(again))
	}
	if err := h.Restore(throughJSON(t, before), touched(found.Steps)); err != nil {
		t.Fatalf("way back: %v\nfrom %v", err, network)
	}
	h.same(t, text, fmt.Sprintf("the way back from %v", network))
	if _, err := carryOut(t, h.Host, network); err != nil {
		t.Fatalf("a third run: %v", err)
	}
}

func (h randomHost) same(t *testing.T, before, after string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(h.Snapshot(t), "\n")); diff != "" {
		t.Errorf("after %s, the host differs (-before +after):\n%s", after, diff)
	}
}
