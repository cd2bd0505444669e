package container

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/system"
)

// Before is what a change of containers replaces. It survives JSON, so that another process can put it back after a
// crash.
type Before struct {
	Folder     string       `json:"folder"`
	Files      []lxc.Change `json:"files"`
	Containers []OneBefore  `json:"containers"`
	// Lives are of containers that a task is about as a whole.
	Lives []LifeBefore `json:"lives,omitempty"`
	// Lost are containers whose deletion has begun: nothing brings their files back.
	Lost []string `json:"lost,omitempty"`
}

// LifeBefore is whether a container was there, and whether it ran.
type LifeBefore struct {
	Name    string `json:"name"`
	Defined bool   `json:"defined"`
	Running bool   `json:"running"`
}

// OneBefore is one container. What runs in it belongs to its first process: another one has what LXC made anew.
type OneBefore struct {
	Name      string           `json:"name"`
	Init      int              `json:"init"`
	Live      []*LiveInterface `json:"live"`
	Addresses *addr.State      `json:"addresses"`
	Routes    []kernel.Route   `json:"routes"`
	// Inside are the links that systemd-networkd inside was not told to leave alone, Unmanaged those that it was.
	Inside    []string `json:"inside,omitempty"`
	Unmanaged []string `json:"unmanaged,omitempty"`
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
		out.Containers = append(out.Containers, OneBefore{Name: c.Name, Init: c.State.InitPID, Live: c.live,
			Addresses: c.addresses, Routes: c.routes, Inside: inside})
	}
	return out
}

// RestoreFiles makes the files alone as they were: after a boot, or without LXC, there is nothing else.
func RestoreFiles(before *Before) error {
	var failed []error
	for _, file := range before.Files {
		failed = append(failed, (&system.System{}).Sweep(file.Path))
		// A container that is gone takes no configuration any more.
		if isThere(file.Path) {
			failed = append(failed, replaceFile(file.Path, file.Before))
		}
	}
	return errors.Join(failed...)
}

// AfterBoot is what of it still counts once the host has started anew: no container of then runs any more, and whether
// one runs now is what its configuration says.
func (b *Before) AfterBoot() *Before {
	out := &Before{Folder: b.Folder, Files: b.Files, Lost: b.Lost}
	for _, one := range b.Containers {
		if one.changesFiles() {
			out.Containers = append(out.Containers, one.OfAnotherRun())
		}
	}
	for _, one := range b.Lives {
		if !one.Defined {
			out.Lives = append(out.Lives, one)
		}
	}
	return out
}

// OfAnotherRun is what of it counts once the container has started anew.
func (o *OneBefore) OfAnotherRun() OneBefore {
	return OneBefore{Name: o.Name, Inside: o.Inside, Unmanaged: o.Unmanaged}
}

// changesFiles tells whether there is something to put back in the container's own files, which outlive its processes.
func (o *OneBefore) changesFiles() bool { return len(o.Inside)+len(o.Unmanaged) > 0 }

// Join adds a later change in the same folder: what both know is as it was at the earlier one.
func (b *Before) Join(later *Before) {
	for _, file := range later.Files {
		if !slices.ContainsFunc(b.Files, func(f lxc.Change) bool { return f.Path == file.Path }) {
			b.Files = append(b.Files, file)
		}
	}
	for _, one := range later.Containers {
		if !slices.ContainsFunc(b.Containers, func(c OneBefore) bool { return c.Name == one.Name }) {
			b.Containers = append(b.Containers, one)
		}
	}
	for _, one := range later.Lives {
		if !slices.ContainsFunc(b.Lives, func(l LifeBefore) bool { return l.Name == one.Name }) {
			b.Lives = append(b.Lives, one)
		}
	}
	b.Lost = append(b.Lost, later.Lost...)
}

// isThere tells whether the folder of a container's file is.
func isThere(path string) bool {
	_, err := os.Stat(filepath.Dir(path))
	return err == nil
}
