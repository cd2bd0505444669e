package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// restoration puts the network of running containers back as it was.
type restoration struct {
	planner *planner
	was     *checkpoint
	// followers were started since, with the configuration that goes: they follow the one that comes back.
	followers []*follower
	// inside are the containers whose own files are put back.
	inside []filesInside
}

// filesInside are those by which systemd-networkd inside is told to leave links alone.
type filesInside struct {
	container *Container
	before    *OneBefore
}

// follower is a running container that is to become what its configuration says, and the interfaces that it had before
// that.
type follower struct {
	name       string
	interfaces []string
}

// Restore makes containers and files as they were before a change.
func (m *Machine) Restore(before *Before) error {
	failed := []error{m.restoreLives(before)}
	r, err := m.restoration(before)
	failed = append(failed, err)
	if r != nil {
		defer r.close()
	}
	failed = append(failed, RestoreFiles(before))
	if r == nil {
		return errors.Join(failed...)
	}
	if len(r.planner.containers) > 0 {
		failed = append(failed, r.planner.undo(r.was))
	}
	for _, one := range r.inside {
		one.restore()
	}
	for _, one := range r.followers {
		failed = append(failed, m.followFile(before.Folder, one))
	}
	if len(r.followers) > 0 {
		// A task says the same in other words.
		failed = append(failed, RestoreFiles(before))
	}
	return errors.Join(failed...)
}

// restoration finds the containers whose network can be put back; nil is none.
func (m *Machine) restoration(before *Before) (*restoration, error) {
	if len(before.Containers) == 0 {
		return nil, nil
	}
	h, err := m.openHost()
	if err != nil {
		return nil, err
	}
	r := &restoration{planner: newPlanner(m, h, before.Folder, nil)}
	r.was = &checkpoint{live: map[*Container][]*LiveInterface{}, addresses: map[*Container]*addr.State{},
		routes: map[*Container][]kernel.Route{}}
	var failed []error
	for i := range before.Containers {
		failed = append(failed, r.take(&before.Containers[i]))
	}
	return r, errors.Join(failed...)
}

func (r *restoration) take(one *OneBefore) error {
	m, folder := r.planner.machine, r.planner.folder
	state, err := m.Runtime.State(folder, one.Name)
	if err != nil || !state.Defined || !state.Running() && !one.changesFiles() {
		return err
	}
	c, err := m.load(r.planner.host, folder, one.Name, newCache())
	if err != nil {
		return err
	}
	if one.changesFiles() {
		r.inside = append(r.inside, filesInside{c, one})
	}
	if !state.Running() || state.InitPID != one.Init {
		defer closeAll([]*Container{c})
		if !state.Running() {
			return nil
		}
		left := &follower{name: one.Name}
		for _, configured := range c.configured {
			left.interfaces = append(left.interfaces, configured.Name)
		}
		r.followers = append(r.followers, left)
		return nil
	}
	for _, live := range one.Live {
		live.loopback = live.Name == "lo"
	}
	r.planner.containers = append(r.planner.containers, c)
	r.was.live[c], r.was.addresses[c], r.was.routes[c] = one.Live, one.Addresses, one.Routes
	return nil
}

// restore puts them back. What cannot be reached is left to the operator, who learns of it: the rest does not wait for
// it.
func (f filesInside) restore() {
	said := reportOf(f.container.ConfigFile)
	known := len(said.Hooks)
	root, err := f.container.root()
	if err == nil {
		err = root.Close()
	}
	if err != nil {
		said.add(f.container.Name, "restore", fmt.Errorf("cannot put back /%s: %w", networkdFolder, err))
	}
	steps := f.steps()
	if len(steps) > 0 && f.container.findNetworkd() != 0 {
		steps = append(steps, plan.Step{Action: "restart", Object: "systemd-networkd", Run: f.container.restartNetworkd})
	}
	for _, step := range steps {
		if err := step.Run(); err != nil {
			said.add(f.container.Name, "restore", fmt.Errorf("%s %s: %w", step.Action, step.Object, err))
		}
	}
	if len(said.Hooks) > known {
		said.save()
	}
}

func (f filesInside) steps() []plan.Step {
	var steps []plan.Step
	for _, link := range f.links(f.before.Inside, true) {
		file := unmanagedInside(f.container, link)
		steps = append(steps, plan.Step{Action: "remove", Object: file.describe(), Run: file.remove})
	}
	for _, link := range f.links(f.before.Unmanaged, false) {
		file := unmanagedInside(f.container, link)
		steps = append(steps, plan.Step{Action: "write", Object: file.describe(), Run: file.write})
	}
	return steps
}

// links are those whose file is there, or is not.
func (f filesInside) links(links []string, present bool) []string {
	return slices.DeleteFunc(slices.Clone(links), func(link string) bool {
		return unmanagedInside(f.container, link).isThere() != present
	})
}

func (r *restoration) close() {
	closeAll(r.planner.containers)
	r.planner.host.kernel.Close()
}

// followFile makes what runs in a container as its configuration says.
func (m *Machine) followFile(folder string, one *follower) error {
	config, err := lxc.ReadConfig(configFile(folder, one.name), lxc.Disk{})
	if err != nil {
		return err
	}
	record, err := readRecord(config, configFile(folder, one.name))
	if err != nil {
		return err
	}
	wanted := &Wanted{Container: one.name}
	stays := map[string]bool{}
	for _, configured := range configured(config, record) {
		stays[configured.Name] = true
		if configured.Supported() {
			want := configured.Interface
			wanted.Interfaces = append(wanted.Interfaces, &want)
		}
	}
	for _, name := range one.interfaces {
		if !stays[name] {
			wanted.Interfaces = append(wanted.Interfaces, &Interface{Name: name, State: Gone})
		}
	}
	alone := *m
	alone.Begin = nil
	_, err = alone.Apply(folder, []*Wanted{wanted}, false)
	return err
}

// Backward is what putting containers back takes and replaces. It survives JSON.
type Backward struct {
	Present *Before        `json:"present"`
	Steps   []BackwardStep `json:"steps"`
}

// BackwardStep is one step of it, to be shown.
type BackwardStep struct {
	Action  string          `json:"action"`
	Object  string          `json:"object"`
	Changes []schema.Change `json:"changes,omitempty"`
}

// Backward finds what Restore would do. It changes nothing.
func (m *Machine) Backward(before *Before) (*Backward, error) {
	out, err := BackwardFiles(before)
	if err != nil {
		return nil, err
	}
	r, err := m.restoration(before)
	if err != nil || r == nil {
		return out, err
	}
	defer r.close()
	for _, step := range r.planner.back(r.was) {
		out.Steps = append(out.Steps, BackwardStep{Action: step.Action, Object: step.Object, Changes: step.Changes})
	}
	present := map[string]OneBefore{}
	for _, one := range r.inside {
		for _, step := range one.steps() {
			out.Steps = append(out.Steps, BackwardStep{Action: step.Action, Object: step.Object})
		}
		now := OneBefore{Name: one.container.Name, Inside: one.links(one.before.Unmanaged, false),
			Unmanaged: one.links(one.before.Inside, true)}
		if !one.container.running() {
			out.Present.Containers = append(out.Present.Containers, now)
		}
		present[now.Name] = now
	}
	for _, c := range r.planner.containers {
		routes := append(missing(c.routes, r.was.routes[c]), missing(r.was.routes[c], c.routes)...)
		if len(routes) > 0 {
			out.Steps = append(out.Steps, BackwardStep{Action: "change", Object: "routes of container " + c.Name})
		}
		now := present[c.Name]
		now.Name, now.Init, now.Live, now.Addresses, now.Routes = c.Name, c.State.InitPID, c.live, c.addresses, c.routes
		out.Present.Containers = append(out.Present.Containers, now)
	}
	for _, one := range r.followers {
		if len(out.Steps) > 0 {
			out.Steps = append(out.Steps, BackwardStep{Action: "change", Object: "running network of container " + one.name})
		}
		// Going forth again, it follows its configuration once more.
		now := present[one.name]
		now.Name = one.name
		out.Present.Containers = append(out.Present.Containers, now)
	}
	return out, nil
}

// BackwardFiles is Backward for the files alone.
func BackwardFiles(before *Before) (*Backward, error) {
	out := &Backward{Present: &Before{Folder: before.Folder}}
	for _, file := range before.Files {
		now, err := (&system.System{}).File(file.Path)
		if err != nil {
			return nil, err
		}
		if !isThere(file.Path) {
			continue
		}
		var content []byte
		if now.Present {
			content = append([]byte{}, now.Content...)
		}
		out.Present.Files = append(out.Present.Files, lxc.Change{Path: file.Path, Before: content, Now: file.Before})
		if bytes.Equal(content, file.Before) {
			continue
		}
		step := BackwardStep{Action: "write", Object: "file " + file.Path}
		if file.Before == nil {
			step.Action = "remove"
		}
		out.Steps = append(out.Steps, step)
	}
	return out, nil
}
