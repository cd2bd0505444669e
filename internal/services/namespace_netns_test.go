//go:build netns

package services_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// tenant is a namespace with an interface that is to be served, as an agent's in a container, and a client behind it.
type tenant struct {
	agent, client *netnstest.Namespace
	files         string
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	one := &tenant{agent: netnstest.New(t), client: netnstest.New(t)}
	if (&system.System{}).Find("dnsmasq") == "" {
		netnstest.Skip(t, "dnsmasq is not installed")
	}
	one.agent.IP(t, "link", "add", "ns-1", "up", "type", "veth", "peer", "name", "eth0", "netns", one.client.Name)
	one.agent.IP(t, "address", "add", "192.168.10.2/24", "dev", "ns-1")
	one.client.IP(t, "link", "set", "eth0", "up")
	key, err := system.NamespaceKey("/run/netns/" + one.agent.Name)
	if err != nil {
		t.Fatal(err)
	}
	one.files = system.NamespacesFolder + "/" + key
	t.Cleanup(func() {
		one.run(t, map[string]any{"state": "absent"})
		if err := os.RemoveAll(one.files); err != nil {
			t.Error(err)
		}
	})
	return one
}

// run runs the module dnsmasq of the host for the namespace.
func (o *tenant) run(t *testing.T, more map[string]any) ansible.Result {
	t.Helper()
	call := ansible.Call{Module: "dnsmasq",
		Arguments: map[string]any{"netns": "/run/netns/" + o.agent.Name, "interface": "ns-1"}}
	for key, value := range more {
		call.Arguments[key] = value
	}
	if check, given := call.Arguments["check"]; given {
		call.CheckMode = check == true
		delete(call.Arguments, "check")
	}
	result := task.RunServices(services.ParseDNSMasq)(t.Context(), call)
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	return result
}

// lease is what busybox's client is told: its address, its router and the server.
func (o *tenant) lease(t *testing.T) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "told")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n[ $1 = bound ] && echo told: $ip $router $serverid || true\n"),
		0o700); err != nil {
		t.Fatal(err)
	}
	output := o.client.Exec(t, "busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-s", script)
	_, told, _ := strings.Cut(output, "told: ")
	told, _, _ = strings.Cut(told, "\n")
	return told
}

func served(more map[string]any) map[string]any {
	out := map[string]any{
		"address": "192.168.10.2/24", "gateway": "192.168.10.1", "dns": false, "dhcp_range": "192.168.10.100,192.168.10.100",
		"extra_lines": []any{"no-ping"},
	}
	for key, value := range more {
		out[key] = value
	}
	return out
}

// TestDNSMasqInNamespaces serves equal interfaces of two namespaces at the same time.
func TestDNSMasqInNamespaces(t *testing.T) {
	t.Parallel()
	first, second := newTenant(t), newTenant(t)
	if would := first.run(t, served(map[string]any{"check": true})); !would.Changed {
		t.Error("a check finds nothing to do")
	}
	if _, err := os.Stat(first.files); !os.IsNotExist(err) {
		t.Errorf("a check left %s: %v", first.files, err)
	}
	for _, one := range []*tenant{first, second} {
		if result := one.run(t, served(nil)); !result.Changed {
			t.Error("the first run changes nothing")
		}
	}
	second.run(t, served(map[string]any{"dhcp_range": "192.168.10.200,192.168.10.200"}))
	for one, want := range map[*tenant]string{first: "192.168.10.100 192.168.10.1 192.168.10.2",
		second: "192.168.10.200 192.168.10.1 192.168.10.2"} {
		if got := one.lease(t); got != want {
			t.Errorf("the client was told %q, want %q", got, want)
		}
	}
	if again := first.run(t, served(nil)); again.Changed {
		t.Errorf("the second run: %s", actionsOf(t, again))
	}
	if _, err := os.Stat("/etc/hostnet/dnsmasq/ns-1"); !os.IsNotExist(err) {
		t.Errorf("the host has files of the namespace's: %v", err)
	}
	first.run(t, map[string]any{"state": "absent"})
	if left := first.processes(t); left != "" {
		t.Errorf("left in the namespace: %s", left)
	}
}

// TestDNSMasqEndsWithItsInterface: when a container goes, nothing of ours keeps its namespaces.
func TestDNSMasqEndsWithItsInterface(t *testing.T) {
	t.Parallel()
	one := newTenant(t)
	one.run(t, served(nil))
	if one.processes(t) == "" {
		t.Fatal("nothing serves the namespace")
	}
	one.agent.IP(t, "link", "delete", "ns-1")
	for deadline := time.Now().Add(20 * time.Second); one.processes(t) != ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still in the namespace: %s", one.processes(t))
		}
	}
}

// processes are those in the namespace, but for this one, which counts itself while a thread is on its way out.
func (o *tenant) processes(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("ip", "netns", "pids", o.agent.Name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for pid := range strings.FieldsSeq(string(output)) {
		if pid != strconv.Itoa(os.Getpid()) {
			pids = append(pids, pid)
		}
	}
	return strings.Join(pids, " ")
}
