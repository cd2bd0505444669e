//go:build netns

package host

import (
	_ "embed"
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/netnstest"
)

// The test binary is carried into machines that have no sources.
//
//go:embed testdata/production.yml
var productionHost []byte

// production is OpenStack-Ansible's documented production host as arguments of the network module.
func production(t *testing.T) map[string]any {
	t.Helper()
	var network map[string]any
	if err := yaml.Unmarshal(productionHost, &network); err != nil {
		t.Fatal(err)
	}
	return network
}

// TestEveryStepOfTheProductionHost stops the plan of OpenStack-Ansible's production host at every single step, on a
// host whose address and default route are on one of the cards: by iproute2, it must be as it was.
func TestEveryStepOfTheProductionHost(t *testing.T) {
	netnstest.NeedKind(t, "bond")
	netnstest.NeedKind(t, "vlan")
	t.Parallel()
	h := newRandomHost(t)
	for _, card := range []string{"eth1", "eth2", "eth3"} {
		// A link that has been up once has another queueing discipline for ever (attach_default_qdiscs).
		h.IP(t, "link", "set", card, "up")
		h.IP(t, "link", "set", card, "down")
	}
	h.IP(t, "link", "set", "eth0", "up")
	h.IP(t, "address", "add", "172.29.236.11/22", "dev", "eth0")
	h.IP(t, "route", "add", "default", "via", "172.29.236.1")
	h.IP(t, "rule", "add", "priority", "1000", "from", "172.29.236.0/22", "lookup", "main")
	before := h.Snapshot(t)
	network := production(t)
	stopped := 0
	for step := 0; ; step++ {
		h.BeforeStep = func(number int) error {
			if number == step {
				return errors.New("stopped by the test")
			}
			return nil
		}
		_, err := carryOut(t, h.Host, network)
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "stopped by the test") || !strings.Contains(err.Error(), "the host is as it was") {
			t.Fatalf("step %d: %v", step, err)
		}
		h.same(t, before, err.Error())
		stopped++
	}
	const fewest = 25
	if stopped < fewest {
		t.Errorf("only %d steps", stopped)
	}
	h.BeforeStep = nil
	if again, err := carryOut(t, h.Host, network); err != nil || len(again.Steps) > 0 {
		t.Errorf("a second run: %v\n%s", err, describe(again))
	}
	if routes := h.IP(t, "route"); !strings.Contains(routes, "default via 172.29.236.1 dev br-mgmt") {
		t.Errorf("routes:\n%s", routes)
	}
}
