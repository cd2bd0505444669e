//go:build netns

package services_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// TestOneTaskForLinksAndServices declares bridges of every kind at once, and takes them away at once.
func TestOneTaskForLinksAndServices(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := m.snapshot(t)
	client := netnstest.New(t)
	declared := func(state string) map[string]any {
		return map[string]any{
			"bridges":     []any{map[string]any{"name": "br-dbaas", "addresses": []any{"172.29.232.1/22"}, "state": state}},
			"lxc_bridges": []any{quick(map[string]any{"state": state})},
			"nats": []any{map[string]any{"name": "dbaas", "interface": "br-dbaas", "subnets": []any{"172.29.232.0/22"},
				"services": []any{"dhcp", "dns"}, "state": state}},
			"dnsmasqs": []any{map[string]any{"interface": "br-dbaas", "address": "172.29.232.1/22",
				"extra_lines": []any{"no-ping"}, "state": state}},
		}
	}
	result := m.applyWith(t, services.ParseNetwork, declared("present"))
	if checks := fmt.Sprint(result.Values.Get("checks")); !strings.Contains(checks, "lxcbr0") {
		t.Errorf("checks: %s", checks)
	}
	m.host.IP(t, "link", "add", "c1", "up", "type", "veth", "peer", "name", "eth0", "netns", client.Name)
	m.host.IP(t, "link", "set", "c1", "master", "br-dbaas")
	client.IP(t, "link", "set", "eth0", "up")
	client.IP(t, "address", "add", "172.29.233.7/22", "dev", "eth0")
	client.IP(t, "route", "add", "default", "via", "172.29.232.1")
	client.Exec(t, "ping", "-c", "1", "-W", "3", "192.0.2.254")
	m.host.IP(t, "link", "delete", "c1")
	m.applyWith(t, services.ParseNetwork, declared("absent"))
	if after := m.snapshot(t); after != before {
		t.Errorf("after absent:\n%s\nbefore:\n%s", after, before)
	}
}

// TestPartsAlone: for the modules nat and dnsmasq too, a check predicts a run, from nothing over a change to nothing.
func TestPartsAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "link", "add", "br-dbaas", "up", "type", "bridge")
	m.host.IP(t, "address", "add", "172.29.232.1/22", "dev", "br-dbaas")
	before := m.snapshot(t)
	for _, one := range []struct {
		parse     task.ParseServices
		arguments map[string]any
		want      string // among the actions
	}{
		{services.ParseNAT, map[string]any{"name": "dbaas", "interface": "br-dbaas", "subnets": []any{"172.29.232.0/22"},
			"services": []any{"dhcp", "dns"}}, "ip_forward"},
		{services.ParseNAT, map[string]any{"name": "dbaas", "interface": "br-dbaas", "isolated": true}, "hostnet_dbaas"},
		{services.ParseDNSMasq, map[string]any{"interface": "br-dbaas", "address": "172.29.232.1/22"}, "start"},
		{services.ParseDNSMasq, map[string]any{"interface": "br-dbaas", "address": "172.29.232.1/22", "lease_time": "2h"},
			"restart"},
		{services.ParseDNSMasq, map[string]any{"interface": "br-dbaas", "address": "172.29.232.1/22", "lease_time": "2h",
			"dhcp_options": map[string]any{"42": "172.29.232.1"}}, "reload"},
		{services.ParseDNSMasq, map[string]any{"interface": "br-dbaas", "state": "absent"}, "stop"},
		{services.ParseNAT, map[string]any{"name": "dbaas", "state": "absent"}, "hostnet_dbaas"},
	} {
		result := m.applyWith(t, one.parse, one.arguments)
		if actions := actionsOf(t, result); !strings.Contains(actions, one.want) {
			t.Errorf("%v: no %s in %s", one.arguments, one.want, actions)
		}
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("after absent:\n%s\nbefore:\n%s", after, before)
	}
}

func TestOneTaskWithOverlaps(t *testing.T) {
	t.Parallel()
	_, _, err := services.ParseNetwork(map[string]any{
		"bridges": []any{map[string]any{"name": "br0", "addresses": []any{"10.0.3.129/25"}},
			map[string]any{"name": "lxcbr2"}},
		"lxc_bridges": []any{map[string]any{}, map[string]any{"name": "lxcbr1", "address": "10.0.3.9/24"},
			map[string]any{"name": "lxcbr2", "address": "10.0.5.1/24"}},
		"dnsmasqs": []any{map[string]any{"interface": "lxcbr0", "address": "10.0.3.1/24"}},
	})
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, part := range []string{
		"lxc_bridges[0].address: 10.0.3.1/24 overlaps 10.0.3.129/25 of br0",
		"lxc_bridges[1].address: 10.0.3.9/24 overlaps 10.0.3.1/24 of lxcbr0",
		"lxc_bridges[2].name: lxcbr2 is declared among the interfaces as well",
		"dnsmasqs[0]: DHCP and DNS on lxcbr0 is declared twice",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told in: %v", part, err)
		}
	}
}

// TestRoutesFromRoutersOutliveForwarding has an uplink that learns its default route from router advertisements.
func TestRoutesFromRoutersOutliveForwarding(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "-6", "route", "add", "default", "via", "fe80::1", "dev", "wan", "proto", "ra")
	const setting = "/proc/sys/net/ipv6/conf/wan/accept_ra"
	before := m.host.Exec(t, "cat", setting)
	result := m.apply(t, quick(map[string]any{"address6": "fd05::1/64", "nat6": true}))
	actions := actionsOf(t, result)
	accept, forward := strings.Index(actions, "net.ipv6.conf.wan.accept_ra"),
		strings.Index(actions, "net.ipv6.conf.all.forwarding")
	if accept < 0 || forward < accept {
		t.Errorf("accept_ra must come before forwarding: %s", actions)
	}
	if got := m.host.Exec(t, "cat", setting); strings.TrimSpace(got) != "2" {
		t.Errorf("accept_ra is %s", got)
	}
	if route := m.host.IP(t, "-6", "route", "show", "default"); !strings.Contains(route, "fe80::1") {
		t.Errorf("the route is gone: %q", route)
	}
	m.apply(t, map[string]any{"state": "absent"})
	if got := m.host.Exec(t, "cat", setting); got != before {
		t.Errorf("accept_ra is %s afterwards, before %s", got, before)
	}
}

func TestDefunctDnsmasqIsTold(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// What sh becomes never waits for its child.
		_, _ = m.host.Try("sh", "-c", "dnsmasq --version >/dev/null & exec sleep 15")
	}()
	var told []string
	for deadline := time.Now().Add(10 * time.Second); len(told) == 0 &&
		time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		result := m.try(t, quick(nil), true)
		told = slices.DeleteFunc(result.Warnings, func(w string) bool { return !strings.Contains(w, "defunct") })
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], "a defunct dnsmasq (PID ") ||
		!strings.Contains(told[0], "it goes once sleep (PID ") {
		t.Errorf("warnings: %q", told)
	}
	<-ended
}
