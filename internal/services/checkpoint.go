package services

import (
	"errors"
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/manager"
	"hostnet.linux/internal/system"
)

// Checkpoint is what a change may alter, as it was before. It survives JSON, so that another process can put it back.
type Checkpoint struct {
	// Host is nil where the change is about files alone.
	Host *host.Observed `json:"host"`
	// Links are those that the change may alter.
	Links map[string]bool `json:"links"`
	// Services is nil where the change is about none.
	Services *State        `json:"services,omitempty"`
	Files    []system.File `json:"files,omitempty"`
	// Units are the systemd units of these files, as they were.
	Units []system.Unit `json:"units,omitempty"`
	// Inner are what containers have inside.
	Inner []InnerMTU `json:"inner,omitempty"`
	// Managers are to read the files again once they are as before.
	Managers []string `json:"managers,omitempty"`
}

// checkpoint reads the state from before.
func (s *Site) checkpoint(todo *Plan, d *Declaration) (*Checkpoint, error) {
	seen, err := s.Host.Checkpoint(todo.Seen, todo.Steps)
	if err != nil {
		return nil, err
	}
	out := &Checkpoint{Host: seen, Links: todo.Links(), Managers: todo.Managers}
	if wanted := d.wanted(); !wanted.Empty() {
		if out.Services, err = s.Services.Observe(wanted); err != nil {
			return nil, err
		}
	}
	for _, bridge := range d.Bridges {
		memory, err := bridge.MemoryFile(s.Services.System)
		if err != nil {
			return nil, err
		}
		out.Files = append(out.Files, memory)
	}
	if out.Inner, err = s.innerMTUs(d, seen); err != nil {
		return nil, err
	}
	return out, out.read(s.Services.System, todo.Files, todo.Units)
}

// FilesAlone is the state from before a change that touches files and nothing of the network.
func (s *Site) FilesAlone(paths ...string) (*Checkpoint, error) {
	out := &Checkpoint{}
	return out, out.read(s.Services.System, paths, nil)
}

// read adds files and units as they are.
func (c *Checkpoint) read(s *system.System, paths, units []string) error {
	for _, path := range paths {
		file, err := s.File(path)
		if err != nil {
			return err
		}
		c.Files = append(c.Files, file)
	}
	for _, name := range units {
		unit, err := s.Unit(name)
		if err != nil {
			return err
		}
		c.Units = append(c.Units, unit)
	}
	return nil
}

// Join adds a later checkpoint: what both know is as it was at the earlier one.
func (c *Checkpoint) Join(later *Checkpoint) {
	switch {
	case c.Host == nil:
		c.Host, c.Links = later.Host, later.Links
	case later.Host != nil:
		for name, touched := range later.Links {
			c.Links[name] = c.Links[name] || touched
		}
		c.Host.Join(later.Host)
	}
	if c.Services == nil {
		c.Services = later.Services
	} else if later.Services != nil {
		c.Services.join(later.Services)
	}
	for _, file := range later.Files {
		if !slices.ContainsFunc(c.Files, func(f system.File) bool { return f.Path == file.Path }) {
			c.Files = append(c.Files, file)
		}
	}
	for _, unit := range later.Units {
		if !slices.ContainsFunc(c.Units, func(u system.Unit) bool { return u.Name == unit.Name }) {
			c.Units = append(c.Units, unit)
		}
	}
	for _, service := range later.Managers {
		if !slices.Contains(c.Managers, service) {
			c.Managers = append(c.Managers, service)
		}
	}
}

// Inverse is what putting the checkpoint back replaces.
func (s *Site) Inverse(before *Checkpoint) (*Checkpoint, error) {
	out := &Checkpoint{Links: before.Links, Managers: before.Managers}
	if before.Host != nil {
		var err error
		if out.Host, err = s.Host.Counterpart(before.Host, before.Links); err != nil {
			return nil, err
		}
	}
	for _, was := range before.Inner {
		port := out.Host.Links.Find(was.Port)
		if port == nil {
			continue
		}
		err := s.inside(port, func(_ lxcbridge.Kernel, end kernel.Link) error {
			out.Inner = append(out.Inner, InnerMTU{was.Port, end.MTU})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if before.Services != nil {
		var err error
		if out.Services, err = s.Services.again(before.Services); err != nil {
			return nil, err
		}
	}
	var paths, units []string
	for _, file := range before.Files {
		paths = append(paths, file.Path)
	}
	for _, unit := range before.Units {
		units = append(units, unit.Name)
	}
	return out, out.read(s.Services.System, paths, units)
}

// Restore makes all that a change may have altered as it was, from whatever point the change has come to, and reads it
// again: the error is a host.NotRestoredError where something differs.
func (s *Site) Restore(before *Checkpoint) error {
	left, err := s.restoreKernel(before)
	failures := []error{err, s.restoreFiles(before)}
	if len(before.Managers) > 0 {
		// These begin with links as they were, which some then leave alone; what they do differently is undone at the end.
		for _, service := range before.Managers {
			failures = append(failures, manager.Restart(s.Services.System, service))
		}
		left, err = s.restoreKernel(before)
		failures = append(failures, err)
	}
	beside, err := s.backBeside(before)
	left = append(left, differences(beside)...)
	return errors.Join(append(failures, err, left.Err())...)
}

func (s *Site) restoreKernel(before *Checkpoint) (host.Differences, error) {
	if before.Host == nil {
		return nil, nil
	}
	left, err := s.Host.Restore(before.Host, before.Links)
	err = errors.Join(err, s.restoreInner(before.Inner))
	if before.Services != nil {
		err = errors.Join(err, s.Services.Restore(before.Services))
	}
	return left, err
}

// RestoreFiles makes the files alone as they were: after a boot, the kernel knows nothing of the change any more.
func (s *Site) RestoreFiles(before *Checkpoint) error {
	failures := []error{s.restoreFiles(before)}
	for _, service := range before.Managers {
		// One that has not started yet reads them when it does.
		if manager.IsActive(s.Services.System, service) {
			failures = append(failures, manager.Restart(s.Services.System, service))
		}
	}
	return errors.Join(failures...)
}

func (s *Site) restoreFiles(before *Checkpoint) error {
	var failures []error
	for _, was := range before.Units {
		// While its file is still there, systemd knows where it has enabled the unit.
		now, err := s.Services.System.Unit(was.Name)
		if err == nil && now.Enabled && !was.Enabled {
			err = s.Services.System.Disable(was.Name)
		}
		if err == nil && now.Active && !was.Active {
			err = s.Services.System.Stop(was.Name)
		}
		failures = append(failures, err)
	}
	for _, file := range before.Files {
		now, err := s.Services.System.File(file.Path)
		if err == nil && file.Link == "" && file.Present && now.Equal(file) {
			// What cannot be written has not been changed.
			err = s.Services.System.Sweep(file.Path)
		} else {
			err = s.Services.System.PutBack(file)
		}
		failures = append(failures, err)
	}
	if len(before.Units) > 0 && s.Services.System.HasSystemd() {
		failures = append(failures, s.Services.System.ReloadUnits())
	}
	for _, was := range before.Units {
		if now, err := s.Services.System.Unit(was.Name); err == nil && was.Enabled && !now.Enabled {
			failures = append(failures, s.Services.System.Enable(was.Name))
		}
	}
	return errors.Join(failures...)
}
