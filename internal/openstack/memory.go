package openstack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// memory is what openstack_inventory.json remembers of earlier runs.
type memory struct {
	file string
	// all is the file whole, so that what is written keeps what we do not know.
	all      map[string]any
	hostvars map[string]map[string]any
	// byKind holds the containers by their name without its suffix, underscores as dashes.
	byKind map[string][]string
	place  map[string]int
}

func readMemory(name string, content []byte, r *report) *memory {
	m := &memory{file: name, all: map[string]any{}, hostvars: map[string]map[string]any{}, byKind: map[string][]string{},
		place: map[string]int{}}
	if content == nil {
		return m
	}
	if len(bytes.TrimSpace(content)) == 0 {
		r.problem(Place{File: name, Line: 1}, "",
			"is empty: restore it from a backup; to begin anew, with other names and addresses, write {} into it")
		return m
	}
	if err := json.Unmarshal(content, &m.all); err != nil {
		r.problem(Place{File: name, Line: 1}, "", "is no JSON dictionary (%s): restore it from a backup", err)
		m.all = map[string]any{}
		return m
	}
	vars, ok := hostvarsOf(m.all)
	if !ok {
		r.problem(Place{File: name, Line: 1}, "_meta.hostvars",
			"is no dictionary of hosts and their variables: restore it from a backup")
	}
	for host, raw := range vars {
		if one, ok := raw.(map[string]any); ok {
			m.hostvars[host] = one
		}
	}
	for group, raw := range m.all {
		members, _ := raw.(map[string]any)
		if hosts, ok := members["hosts"].([]any); ok && strings.HasSuffix(group, "_container") {
			for i, host := range hosts {
				if text, ok := host.(string); ok {
					m.place[text] = i
				}
			}
		}
	}
	for host := range m.hostvars {
		if m.isContainer(host) {
			kind := kindOf(host)
			m.byKind[kind] = append(m.byKind[kind], host)
		}
	}
	for _, names := range m.byKind {
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(m.place[a], m.place[b]), cmp.Compare(a, b))
		})
	}
	return m
}

// hostvarsOf is what the memory holds of each host; a memory without them is a new one.
func hostvarsOf(all map[string]any) (map[string]any, bool) {
	if all["_meta"] == nil {
		return nil, true
	}
	meta, isDict := all["_meta"].(map[string]any)
	if meta["hostvars"] == nil {
		return nil, isDict
	}
	vars, isDict := meta["hostvars"].(map[string]any)
	return vars, isDict
}

// kindOf is the name of a container without its suffix; old names have underscores.
func kindOf(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	return strings.ReplaceAll(name, "_", "-")
}

func (m *memory) isContainer(name string) bool {
	vars := m.hostvars[name]
	if vars["is_metal"] == true {
		return false
	}
	physical, _ := vars["physical_host"].(string)
	return physical != "" && physical != name
}

func (m *memory) networks(name string) map[string]any {
	all, _ := m.hostvars[name]["container_networks"].(map[string]any)
	return all
}

func addressOf(raw any) netip.Addr {
	entry, _ := raw.(map[string]any)
	text, _ := entry["address"].(string)
	address, _ := netip.ParseAddr(text)
	return address
}

// address is what a container has had on a network: under its key, else under the key of an earlier release or of a
// network that has since got another address_prefix, which is known by its interface and by its pool.
func (m *memory) address(name string, n *network, keys map[string]bool, pool netip.Prefix) netip.Addr {
	networks := m.networks(name)
	if address := addressOf(networks[n.key]); address.IsValid() {
		return address
	}
	for _, key := range sortedKeys(networks) {
		entry, _ := networks[key].(map[string]any)
		if !keys[key] && entry["interface"] == n.link && (entry["bridge"] == n.bridge || key == n.pool+"_address") {
			if address := addressOf(entry); address.IsValid() && pool.Contains(address) {
				return address
			}
		}
	}
	text, _ := m.hostvars[name][n.key].(string)
	address, _ := netip.ParseAddr(text)
	return address
}

// holders are all addresses that the memory holds, with those who have them.
func (m *memory) holders(r *report) map[netip.Addr][]string {
	all := map[netip.Addr][]string{}
	add := func(address netip.Addr, name string) {
		if address.IsValid() && !slices.Contains(all[address], name) {
			all[address] = append(all[address], name)
		}
	}
	for _, name := range sortedKeys(m.hostvars) {
		for _, key := range []string{"ansible_host", "ansible_ssh_host", "management_address", "container_address"} {
			text, _ := m.hostvars[name][key].(string)
			address, _ := netip.ParseAddr(text)
			add(address, name)
		}
		if m.isContainer(name) {
			for _, entry := range m.networks(name) {
				add(addressOf(entry), name)
			}
		}
	}
	for _, address := range slices.SortedFunc(keysOf(all), netip.Addr.Compare) {
		var containers []string
		for _, name := range all[address] {
			if m.isContainer(name) {
				containers = append(containers, name)
			}
		}
		if len(containers) > 1 {
			r.problem(Place{File: m.file}, "",
				"%s is the address of %s; give one of them another: hostnet openstack allocate --write --forget %s",
				address, strings.Join(containers, " and of "), containers[len(containers)-1])
		}
	}
	return all
}
