package openstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Remembers tells whether there is a memory at all.
func (p *Plan) Remembers() bool { return len(p.memory.hostvars) > 0 }

// Changes are what the memory does not have as the plan has it, a line each.
func (p *Plan) Changes() []string {
	var all []string
	for _, kind := range []map[string]map[string]any{p.Hosts, p.Containers} {
		for _, name := range sortedKeys(kind) {
			before, known := p.memory.hostvars[name]
			if !known {
				all = append(all, name+": new")
				continue
			}
			had, _ := before["container_networks"].(map[string]any)
			all = append(all, differences(name, had, kind[name]["container_networks"])...)
		}
	}
	for _, name := range p.Surplus {
		all = append(all, name+": surplus: only the memory has it; --forget "+name+" removes it there")
	}
	return all
}

func differences(name string, had map[string]any, planned any) []string {
	var now map[string]any
	content, _ := json.Marshal(planned)
	_ = json.Unmarshal(content, &now) // our own, just encoded
	var all []string
	for _, key := range sortedKeys(now) {
		entry, _ := now[key].(map[string]any)
		old, known := had[key].(map[string]any)
		if !known {
			all = append(all, fmt.Sprintf("%s: %s: new", name, key))
			continue
		}
		options := map[string]bool{}
		for option := range entry {
			options[option] = true
		}
		for option := range old {
			options[option] = true
		}
		for _, option := range sortedKeys(options) {
			if !reflect.DeepEqual(entry[option], old[option]) {
				all = append(all, fmt.Sprintf("%s: %s: %s: %s -> %s", name, key, option, short(old[option]), short(entry[option])))
			}
		}
	}
	for _, key := range sortedKeys(had) {
		if _, stays := now[key]; !stays {
			all = append(all, fmt.Sprintf("%s: %s: removed", name, key))
		}
	}
	return all
}

func short(v any) string {
	if v == nil {
		return "none"
	}
	content, _ := json.Marshal(v) // it came from JSON
	return strings.Trim(string(content), `"`)
}

// Allocate plans and records the names and addresses in OSA's own openstack_inventory.json, so that its next run keeps
// them: under a lock, in one step, with a copy of what was there, whose path it returns. It forgets the hosts and
// containers it is told to. A plan with problems records nothing.
func Allocate(source Source, forget []string) (*Plan, string, error) {
	path := source.MemoryPath()
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("locking %s: %w", path, err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, "", fmt.Errorf("%s is being written by another run: try again when it has ended", path)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		source.Memory = "" // a named memory that is not there yet is made
		if path != source.MemoryPath() {
			return nil, "", fmt.Errorf("no %s: write {} into it to begin a new memory there", path)
		}
	}
	read, err := source.read()
	if err != nil {
		return nil, "", err
	}
	before := read.memory
	if len(forget) > 0 {
		if read.memory, err = forgotten(read.memory, forget); err != nil {
			return nil, "", err
		}
	}
	plan := read.plan(filepath.Base(path))
	if len(plan.Problems) > 0 {
		return plan, "", nil
	}
	written := slices.ContainsFunc(plan.Changes(), func(line string) bool {
		return !strings.Contains(line, ": surplus: ")
	})
	if !written && len(forget) == 0 {
		return plan, "", nil
	}
	content, err := json.MarshalIndent(plan.recorded(), "", "    ")
	if err != nil {
		return nil, "", fmt.Errorf("encoding %s: %w", path, err)
	}
	backup, err := replace(path, before, append(content, '\n'))
	return plan, backup, err
}

// forgotten is the memory without some hosts and containers; a host takes its containers with it.
func forgotten(content []byte, names []string) ([]byte, error) {
	r := &report{}
	m := readMemory(MemoryFile, content, r)
	gone := map[string]bool{}
	for _, name := range names {
		if m.hostvars[name] == nil {
			return nil, fmt.Errorf("%s holds no %s%s", MemoryFile, name, meant(name, sortedKeys(m.hostvars)))
		}
		gone[name] = true
		for other, vars := range m.hostvars {
			if vars["physical_host"] == name {
				gone[other] = true
			}
		}
	}
	meta, _ := m.all["_meta"].(map[string]any)
	vars, _ := meta["hostvars"].(map[string]any)
	for name := range gone {
		delete(vars, name)
	}
	for _, raw := range m.all {
		group, _ := raw.(map[string]any)
		if hosts, ok := group["hosts"].([]any); ok {
			group["hosts"] = slices.DeleteFunc(hosts, func(host any) bool {
				name, _ := host.(string)
				return gone[name]
			})
		}
	}
	left, err := json.Marshal(m.all)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", MemoryFile, err)
	}
	return left, nil
}

// recorded is the memory with the plan in it. What we do not know stays as it is.
func (p *Plan) recorded() map[string]any {
	all := p.memory.all
	meta, ok := all["_meta"].(map[string]any)
	if !ok {
		meta = map[string]any{}
		all["_meta"] = meta
	}
	hostvars, ok := meta["hostvars"].(map[string]any)
	if !ok {
		hostvars = map[string]any{}
		meta["hostvars"] = hostvars
	}
	members := membership{all: all, known: map[string]map[string]bool{}}
	for _, kind := range []map[string]map[string]any{p.Hosts, p.Containers} {
		for name, vars := range kind {
			one, ok := hostvars[name].(map[string]any)
			if !ok {
				one = map[string]any{}
				hostvars[name] = one
			}
			for key, v := range vars {
				if key != "groups" && key != "all_groups" {
					one[key] = v
				}
			}
			groups, _ := vars["groups"].([]string)
			for _, group := range groups {
				members.record(group, name)
			}
		}
	}
	return all
}

// membership knows who is in which group of the memory: a group of thousands is not searched for each of them.
type membership struct {
	all   map[string]any
	known map[string]map[string]bool
}

// record adds a member to a group. OSA's generator finds a container by its X_container group, and needs both keys in
// a group that it did not make itself.
func (m membership) record(group, name string) {
	g, ok := m.all[group].(map[string]any)
	if !ok {
		g = map[string]any{"hosts": []any{}}
		if !strings.HasSuffix(group, "_container") && !strings.HasSuffix(group, "_host_containers") &&
			!strings.HasSuffix(group, "_hosts") {
			g["children"] = []any{}
		}
		m.all[group] = g
	}
	hosts, _ := g["hosts"].([]any)
	known := m.known[group]
	if known == nil {
		known = map[string]bool{}
		for _, one := range hosts {
			if host, isName := one.(string); isName {
				known[host] = true
			}
		}
		m.known[group] = known
	}
	if !known[name] {
		known[name] = true
		g["hosts"] = append(hosts, name)
	}
}

// replace writes a file in one step and keeps a copy of what was there.
func replace(path string, before, content []byte) (string, error) {
	mode := fs.FileMode(0o644)
	backup := ""
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		backup = path + ".backup-" + time.Now().UTC().Format("20060102T150405.000Z")
		if err := os.WriteFile(backup, before, mode); err != nil {
			return "", fmt.Errorf("keeping a copy of %s: %w", path, err)
		}
	}
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(next.Name()) // gone already after the rename
	_, err = next.Write(content)
	err = errors.Join(err, next.Chmod(mode), next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	return backup, nil
}
