//go:build netns

package host

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
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
	// now is what iproute2 says of the network that was made last.
	now string
}

func newRandomHost(t *testing.T) *randomHost {
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
	return &randomHost{Namespace: n, Host: &Host{Kernel: handle}}
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
		Bonds: can("bond"), Dummies: can("dummy"), Filtering: can("bridge", "vlan_filtering", "1"),
		VLANs: can("vlan", "id", "5"),
	}
}

// TestRandomStates makes 50 random networks on a real kernel, one after the other, each found in iproute2's JSON, each
// silent when repeated, each put back to the one before and made again; every third is undone before, as one of its
// steps fails.
func TestRandomStates(t *testing.T) {
	options := known(t)
	h := newRandomHost(t)
	const states, most = 50, 150
	// Cards that have been up once keep their queueing discipline.
	if _, err := carryOut(t, h.Host, hosttest.Network(0, options)); err != nil {
		t.Fatal(err)
	}
	h.now = h.Snapshot(t)
	made := 0
	for seed := uint64(1); made < states && seed < most && !t.Failed(); seed++ {
		failing := -1
		if seed%3 == 0 {
			failing = int(seed) % 10
		}
		if h.tryNext(t, hosttest.Network(seed, options), failing) {
			made++
		}
	}
	if made < states && !t.Failed() {
		t.Errorf("%d of %d networks could follow the one before, which is too few to tell", made, most)
	}
}

// tryNext makes one network of the one that is there, and says whether it can follow it.
func (h *randomHost) tryNext(t *testing.T, network map[string]any, failing int) bool {
	t.Helper()
	before, text := observed(t, h.Host), h.now
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
		return false
	}
	made := h.Snapshot(t)
	for _, missing := range hosttest.Missing(network, made) {
		t.Errorf("iproute2 does not see %s of %v in\n%s", missing, network, made)
	}
	again, err := carryOut(t, h.Host, network)
	if err != nil || len(again.Steps) > 0 {
		t.Errorf("a second run: %v\n%s", err, describe(again))
	}
	if left, err := h.Restore(throughJSON(t, before), touched(found.Steps)); err != nil || len(left) > 0 {
		t.Fatalf("way back: %v, left %s\nfrom %v", err, left, network)
	}
	h.same(t, text, fmt.Sprintf("the way back from %v", network))
	if _, err := carryOut(t, h.Host, network); err != nil {
		t.Fatalf("a third run: %v", err)
	}
	h.now = h.Snapshot(t)
	if diff := cmp.Diff(anyMAC(made), anyMAC(h.now)); diff != "" {
		t.Errorf("made again, it differs (-first +again):\n%s\n%v", diff, network)
	}
	return true
}

var mac = regexp.MustCompile(`[0-9a-f]{2}(:[0-9a-f]{2}){5}`)

// anyMAC is the snapshot without MAC addresses: links that are made again get others.
func anyMAC(snapshot string) []string {
	return slices.Sorted(strings.Lines(mac.ReplaceAllString(snapshot, "MAC")))
}

func (h *randomHost) same(t *testing.T, before, after string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(h.Snapshot(t), "\n")); diff != "" {
		t.Errorf("after %s, the host differs (-before +after):\n%s", after, diff)
	}
}
