package container

import (
	"errors"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
)

// Before is what a change of containers replaces. It survives JSON, so that another process can put it back after a crash.
type Before struct {
	Folder     string       `json:"folder"`
	Files      []lxc.Change `json:"files"`
	Containers []OneBefore  `json:"containers"`
}

// OneBefore is one container. What runs in it belongs to its first process: another one has what LXC made anew.
type OneBefore struct {
	Name      string           `json:"name"`
	Init      int              `json:"init"`
	Live      []*LiveInterface `json:"live"`
	Addresses *addr.State      `json:"addresses"`
	Routes    []kernel.Route   `json:"routes"`
	// Inside are the links that systemd-networkd inside is to leave alone.
	Inside []string `json:"inside,omitempty"`
}

// written is the checkpoint as it is kept on the disk.
func (p *planner) written() *Before {
	out := &Before{Folder: p.folder, Files: p.files}
	for _, c := range p.containers {
		var inside []string
		for _, file := range p.inside {
			if file.container == c {
				inside = append(inside, file.link)
			}
		}
		out.Containers = append(out.Containers, OneBefore{c.Name, c.State.InitPID, c.live, c.addresses, c.routes, inside})
	}
	return out
}

// RestoreFiles makes the files alone as they were: after a boot, or without LXC, there is nothing else.
func RestoreFiles(before *Before) error {
	var failed []error
	for _, file := range before.Files {
		failed = append(failed, replaceFile(file.Path, file.Before))
	}
	return errors.Join(failed...)
}

// Restore makes containers and files as they were before a change that a crash has cut short.
func (m *Machine) Restore(before *Before) error {
	failed := []error{RestoreFiles(before)}
	h, err := m.openHost()
	if err != nil {
		return errors.Join(append(failed, err)...)
	}
	defer h.kernel.Close()
	was := &checkpoint{live: map[*Container][]*LiveInterface{}, addresses: map[*Container]*addr.State{}, routes: map[*Container][]kernel.Route{}}
	var containers []*Container
	var inside []insideFile
	defer func() { closeAll(containers) }()
	for _, one := range before.Containers {
		state, err := m.Runtime.State(before.Folder, one.Name)
		if err != nil || !state.Defined || state.InitPID != one.Init || one.Init == 0 {
			continue
		}
		c, err := m.load(h, before.Folder, one.Name, newCache())
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, live := range one.Live {
			live.loopback = live.Name == "lo"
		}
		containers = append(containers, c)
		was.live[c], was.addresses[c], was.routes[c] = one.Live, one.Addresses, one.Routes
		for _, link := range one.Inside {
			inside = append(inside, unmanagedInside(c, link))
		}
	}
	if len(containers) == 0 {
		return errors.Join(failed...)
	}
	p := newPlanner(m, h, before.Folder, containers)
	p.inside = inside
	return errors.Join(append(failed, p.undo(was))...)
}
