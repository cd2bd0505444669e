package container

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// LXC copies a container's configuration with the names of its host ends, gives every copy new MAC addresses, also one
// that takes the original's place (lxc-copy -R, lxc-snapshot -r), and asks nobody. So the record says whose names these
// are, and a container that it does not name is settled: as the renamed one, if the original is gone, or as a copy.

// isCopy tells whether the record is another container's that is still there.
func (c *Container) isCopy() bool {
	if c.record.container == "" || c.record.container == c.Name {
		return false
	}
	config, err := lxc.ReadConfig(configFile(c.Folder, c.record.container), lxc.Disk{})
	if err != nil {
		return false
	}
	// Whoever has taken the original's name since is another container.
	original, err := readRecord(config, configFile(c.Folder, c.record.container))
	return err == nil && original.container == c.record.container
}

// inherited tells whether a value of the interface is the original's.
func (c *Container) inherited(one *Configured) (hostName, mac bool) {
	kept := c.record.find(one.Name)
	if kept == nil || one.kind() == Phys {
		return false, false
	}
	return kept.HostName != nil && deref(kept.HostName) == deref(one.HostName), kept.MAC != nil &&
		deref(kept.MAC) == deref(one.MAC)
}

// settle gives a copied or renamed container the identity that is its own.
func (c *Container) settle(names *names) {
	switch {
	case c.record.container == "" || c.record.container == c.Name:
		return
	case c.isCopy():
		c.renew(names)
	default:
		c.restore(names)
	}
	c.record.container = c.Name
	for _, one := range c.configured {
		if kept := c.record.find(one.Name); kept != nil && one.kind() != Phys {
			kept.HostName, kept.MAC = one.HostName, one.MAC
		}
	}
}

// renew takes from a copy what it has of its original.
func (c *Container) renew(names *names) {
	for _, kept := range c.record.interfaces {
		names.reserve(deref(kept.HostName), deref(kept.MAC), "container "+c.record.container)
	}
	for _, one := range c.configured {
		hostName, mac := c.inherited(one)
		t := &target{container: c, want: &Interface{Name: one.Name, Type: one.Type}}
		if hostName {
			one.HostName = point(names.hostName(t, func(string) bool { return false }))
			names.reserve(*one.HostName, "", t.describe())
		}
		if mac {
			one.MAC = point(names.mac(t))
			names.reserve("", *one.MAC, t.describe())
		}
		if hostName || mac {
			writeNet(c.config, one.Index, &Interface{Name: one.Name, Type: one.Type, HostName: one.HostName, MAC: one.MAC})
		}
	}
}

// restore gives a container back what LXC has changed in it, but for what another one has by now.
func (c *Container) restore(names *names) {
	for _, one := range c.configured {
		kept := c.record.find(one.Name)
		if kept == nil || one.kind() == Phys {
			continue
		}
		back := Interface{Name: one.Name, Type: one.Type}
		if name := deref(kept.HostName); name != "" && names.owners[name] == "" {
			back.HostName, one.HostName = &name, &name
		}
		if mac := deref(kept.MAC); mac != "" && names.macs[mac] == "" {
			back.MAC, one.MAC = &mac, &mac
		}
		writeNet(c.config, one.Index, &back)
	}
}

// cloned is called when LXC has made a copy, ahead of everything else: its names must be free before it can start.
func (m *Machine) cloned(name, file string) []error {
	c, err := m.loadFile(nil, name, file, lxc.State{Defined: true}, newCache())
	if err != nil {
		return []error{err}
	}
	taken, err := m.namesInUse(c.Folder, map[string]bool{c.Name: true})
	if err != nil {
		return []error{err}
	}
	switch c.record.container {
	case "":
		return nil
	case c.Name:
		c.restore(taken)
	default:
		// It may be on its way to take the original's place: that is decided when it starts, so the record stays.
		c.renew(taken)
	}
	return c.save()
}

// save writes the container's files.
func (c *Container) save() []error {
	files, err := c.changes()
	if err != nil {
		return []error{err}
	}
	var failed []error
	for _, file := range files {
		if err := replaceFile(file.Path, file.Now); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// planSettled settles a container ahead of its start by a task.
func (m *Machine) planSettled(folder, name string) ([]plan.Step, error) {
	c, err := m.loadFile(nil, name, configFile(folder, name), lxc.State{Defined: true}, newCache())
	if err != nil || c.record.container == "" || c.record.container == name {
		return nil, err
	}
	change := schema.Change{Option: "container", Old: c.record.container, New: name}
	return []plan.Step{{
		Phase: plan.Change, Action: "write", Object: "file " + c.ConfigFile, Changes: []schema.Change{change},
		Run: func() error { return errors.Join(m.settleStart(c)...) },
	}}, nil
}

// settleStart does so for a container that LXC is starting. It refuses one that would take an address away from
// another.
func (m *Machine) settleStart(c *Container) []error {
	taken, err := m.namesInUse(c.Folder, map[string]bool{c.Name: true})
	if err != nil {
		return []error{err}
	}
	if err := c.foreignAddress(taken); err != nil {
		return []error{&unsafeError{err}}
	}
	if c.record.container == "" || c.record.container == c.Name {
		return nil
	}
	c.settle(taken)
	return c.save()
}

// unsafeError is why a container must not start.
type unsafeError struct{ error }

// foreignAddress finds a static address that is another's: of a copy's original, or of a container that runs with it.
func (c *Container) foreignAddress(taken *names) error {
	copied := c.isCopy()
	for _, one := range c.configured {
		for _, prefix := range deref(one.Addresses) {
			owner := taken.holder(deref(one.Bridge), prefix)
			original := copied && owner == c.record.container
			if owner != "" && (original || isRunning(c.Folder, owner)) {
				return fmt.Errorf("%s of %s belongs to container %s: declare another with container_network", prefix.Addr(),
					one.Name, owner)
			}
		}
	}
	return nil
}

// isRunning looks for the container's monitor, as asking it would wait for the hook that asks.
func isRunning(folder, name string) bool {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return false
	}
	return slices.ContainsFunc(processes, func(entry os.DirEntry) bool {
		at, who := monitorTitle(entry.Name())
		return who == name && (at == folder || at == "")
	})
}

// holder is the container that is configured with the address on the bridge.
func (n *names) holder(bridge string, prefix netip.Prefix) string {
	return n.holders[bridge+" "+prefix.Addr().String()]
}
