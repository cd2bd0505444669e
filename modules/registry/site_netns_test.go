//go:build netns

package registry_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hostnet.linux"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/modules/registry"
)

// block is an example of the site, as a task for each module of ours that it calls.
type block struct {
	place string
	tasks []example
}

// given are the variables that the examples of the site speak of.
var given = map[string]any{
	"{{ host_vlans }}":   []any{map[string]any{"name": "eth0.20", "parent": "eth0", "id": 20}},
	"{{ host_bridges }}": []any{map[string]any{"name": "br-vlan", "addresses": []any{"192.0.2.17/28"}}},
	"{{ host_network }}": map[string]any{"bridges": []any{map[string]any{"name": "br-kept"}}},
	"{{ item.name }}":    "br-one", "{{ item.addresses }}": []any{"192.0.2.33/28"},
	"{{ openstack_hosts_systemd_networkd_devices }}": []any{
		map[string]any{"NetDev": map[string]any{"Name": "br-mgmt", "Kind": "bridge"}}},
	"{{ openstack_hosts_systemd_networkd_networks }}": []any{map[string]any{"interface": "br-mgmt",
		"address": "172.29.236.11", "netmask": "255.255.252.0"}},
	"{{ container_networks }}": map[string]any{"management_address": map[string]any{"bridge": "br-mgmt",
		"interface": "eth1", "address": "172.29.236.11", "netmask": "255.255.252.0", "type": "veth"}},
	"{{ provider_networks }}": []any{},
	"{{ query('hostnet.linux.card', '0000:00:05.0', '0000:00:06.0') }}": []any{"eth1", "eth2"},
}

// wholeHost are options that have no meaning in a namespace: what a task keeps on its host, and where the controller
// finds that. internal/task runs them on hosts of a test's own, internal/ansibletest over SSH.
var wholeHost = regexp.MustCompile(`state:(overridden|deleted|replaced)|purge:|persist:|confirm:map\[host:`)

// TestExamplesOfSite runs what the README and the documentation site show: a check says what is done, and a second run
// finds nothing to do.
func TestExamplesOfSite(t *testing.T) {
	ran := 0
	for _, one := range siteBlocks(t) {
		tasks := slices.DeleteFunc(one.tasks, func(task example) bool {
			return servesHost[task.Module] || wholeHost.MatchString(fmt.Sprint(task.Arguments))
		})
		if len(tasks) == 0 {
			continue
		}
		ran++
		t.Run(one.place, func(t *testing.T) {
			t.Parallel()
			for kind := range kindsIn(tasks) {
				netnstest.NeedKind(t, kind)
			}
			ns := netnstest.New(t)
			for i := range 4 {
				ns.IP(t, "link", "add", fmt.Sprintf("eth%d", i), "type", "veth", "peer", "name", fmt.Sprintf("far%d", i))
			}
			for _, task := range tasks {
				if task.Arguments["state"] != "rendered" {
					task.Arguments = withNetns(task.Arguments, ns.Names(t)[0])
				}
				runTwice(t, task)
			}
		})
	}
	if ran < 10 {
		t.Errorf("only %d examples were run", ran)
	}
}

// kindsIn are the kinds of links that a kernel may lack, of those that the tasks make.
func kindsIn(tasks []example) map[string]bool {
	kinds := map[string]bool{}
	for _, task := range tasks {
		text := fmt.Sprint(task.Module, " ", task.Arguments)
		for _, kind := range []string{"bond", "vlan", "dummy", "macvlan", "vrf"} {
			if task.Module == kind || strings.Contains(text, kind+"s:") ||
				strings.Contains(text, "dummies:") && kind == "dummy" {
				kinds[kind] = true
			}
		}
	}
	return kinds
}

var (
	fence     = regexp.MustCompile("(?ms)^ *```ya?ml\n(.*?)^ *```$")
	templates = regexp.MustCompile(`^\{\{.*\}\}$`)
)

// siteBlocks are the examples with tasks of ours, with the variables put in.
func siteBlocks(t *testing.T) []block {
	t.Helper()
	pages, err := fs.Glob(hostnet.Pages, "docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%v: %v", pages, err)
	}
	var blocks []block
	for _, page := range append(pages, "README.md") {
		text, err := hostnet.Pages.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range fence.FindAllSubmatchIndex(text, -1) {
			place := fmt.Sprintf("%s:%d", page, 1+strings.Count(string(text[:match[0]]), "\n"))
			var document any
			if err := yaml.Unmarshal(text[match[2]:match[3]], &document); err != nil {
				t.Fatalf("%s: %v", place, err)
			}
			if tasks := tasksIn(t, place, document); len(tasks) > 0 {
				blocks = append(blocks, block{place, tasks})
			}
		}
	}
	return blocks
}

// tasksIn finds the tasks in plays, blocks and lists of tasks.
func tasksIn(t *testing.T, place string, document any) []example {
	t.Helper()
	list, _ := document.([]any)
	var found []example
	for _, one := range list {
		entry, _ := one.(map[string]any)
		for _, key := range []string{"tasks", "block"} {
			found = append(found, tasksIn(t, place, entry[key])...)
		}
		for key, value := range entry {
			module, ours := strings.CutPrefix(key, "hostnet.linux.")
			if _, err := registry.Find(module); !ours || err != nil || module == "async_status" {
				continue
			}
			arguments, _ := filled(t, place, value).(map[string]any)
			name, _ := entry["name"].(string)
			found = append(found, example{Name: name, Module: module, Arguments: arguments})
		}
	}
	return found
}

// filled puts the variables in.
func filled(t *testing.T, place string, value any) any {
	t.Helper()
	switch value := value.(type) {
	case string:
		if !templates.MatchString(value) {
			return value
		}
		variable, known := given[value]
		if !known {
			t.Errorf("%s: %s has no value: add one to this test", place, value)
		}
		return variable
	case map[string]any:
		for key, one := range value {
			value[key] = filled(t, place, one)
		}
	case []any:
		out := slices.Clone(value)
		for i, one := range out {
			out[i] = filled(t, place, one)
		}
		return out
	}
	return value
}
