//go:build netns

package registry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/modules/registry"
)

// needed kinds of links, by the module whose examples make them.
var needed = map[string][]string{
	"bond": {"bond"}, "dummy": {"dummy"}, "vlan": {"vlan"}, "macvlan": {"macvlan"}, "vrf": {"vrf"},
	"network": {"bond", "vlan"},
}

// servesHost are modules about services of the host, for which there is no namespace to work in: TestExamplesOfServices
// reads their examples, and the tests of internal/services run them with files of a test's own.
var servesHost = map[string]bool{"lxc_bridge": true, "dnsmasq": true, "lxc_host": true, "rollback": true}

// TestExamples runs every documented task in a namespace with four cards, which the tasks call by its name, its path or
// a process in it: what a check says would be done is what is done, and a second run finds nothing to do.
func TestExamples(t *testing.T) {
	for _, module := range registry.Modules() {
		if servesHost[module.Name] {
			continue
		}
		t.Run(module.Name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range needed[module.Name] {
				netnstest.NeedKind(t, kind)
			}
			ns := netnstest.New(t)
			for i := range 4 {
				ns.IP(t, "link", "add", fmt.Sprintf("eth%d", i), "type", "veth", "peer", "name", fmt.Sprintf("far%d", i))
				ns.IP(t, "link", "set", fmt.Sprintf("far%d", i), "up")
			}
			called := ns.Names(t)
			for i, one := range examples(t, module) {
				if needsRealHost(one) || (strings.Contains(fmt.Sprint(one.Arguments), "vlan_filtering") && !filters(ns)) {
					continue
				}
				one.Arguments = withNetns(one.Arguments, called[i%len(called)])
				runTwice(t, one)
			}
		})
	}
}

// needsRealHost tells tasks that name hardware or a result of another task; the virtual machine runs those.
func needsRealHost(one example) bool {
	text := fmt.Sprint(one.Arguments)
	return strings.Contains(text, "{{") || strings.Contains(text, "match_pci_address")
}

// filters tells whether this kernel's bridges can filter VLANs, which is a choice of its build.
func filters(ns *netnstest.Namespace) bool {
	_, err := ns.Try("ip", "link", "add", "probe", "type", "bridge", "vlan_filtering", "1")
	if err == nil {
		_, err = ns.Try("ip", "link", "delete", "probe")
	}
	return err == nil
}

func withNetns(arguments map[string]any, name string) map[string]any {
	out := map[string]any{"netns": name}
	for key, value := range arguments {
		out[key] = value
	}
	return out
}

// runTwice wants a check to say what is done, and a second run to find nothing to do.
func runTwice(t *testing.T, one example) {
	t.Helper()
	planned, would := runExample(t, one, true)
	done, did := runExample(t, one, false)
	if planned != done || would != did {
		t.Errorf("%s: a check says\n%s\nand a run does\n%s", one.Name, planned, done)
	}
	if again, changed := runExample(t, one, false); changed {
		t.Errorf("%s: the second run changes: %s", one.Name, again)
	}
}

func runExample(t *testing.T, one example, check bool) (actions string, changed bool) {
	t.Helper()
	module, err := registry.Find(one.Module)
	if err != nil {
		t.Fatal(err)
	}
	result := module.Run(context.Background(),
		ansible.Call{Module: one.Module, Arguments: one.Arguments, CheckMode: check})
	if result.Err != nil {
		t.Fatalf("%s: %v", one.Name, result.Err)
	}
	text, err := json.Marshal(result.Values.Get("actions"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), result.Changed
}
