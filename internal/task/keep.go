package task

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// backend is who makes the host as declared at boot: as the task says, or else as it is on this host already.
func (t *Task) backend(files *system.System) (string, error) {
	if t.Settings.Persist != nil {
		return *t.Settings.Persist, nil
	}
	if is, err := backend.UsesNetworkd(files); is || err != nil {
		return host.PersistNetworkd, err
	}
	return host.PersistBoot, nil
}

// keep adds what it takes that the set is on the disk, and that the host is as declared after a boot, too.
func (t *Task) keep(site *services.Site, who string, want *desired, todo *services.Plan) error {
	files := site.Services.System
	steps, paths, err := want.kept.Plan(files, want.after.Set, t.name())
	if err != nil {
		return err
	}
	todo.Warnings = append(todo.Warnings, want.after.Warnings...)
	showDeclared(steps, todo)
	todo.Steps = slices.Concat(todo.Steps, steps)
	todo.Files = slices.Concat(todo.Files, paths)
	if t.Booting || len(steps) == 0 && len(want.after.Set.Objects) == 0 && t.Settings.Watch == nil {
		// Where nothing is declared, the boot has nothing to do.
		return nil
	}
	found, err := t.install(site, who, want, todo)
	if err != nil {
		return err
	}
	todo.Steps = slices.Concat(todo.Steps, found.Steps)
	todo.Files = slices.Concat(todo.Files, found.Files)
	todo.Units = found.Units
	for _, service := range found.Managers {
		if !slices.Contains(todo.Managers, service) {
			todo.Managers = append(todo.Managers, service)
		}
	}
	todo.Warnings = append(todo.Warnings, found.Warnings...)
	return nil
}

func (t *Task) install(site *services.Site, who string, want *desired, todo *services.Plan) (*backend.Installation,
	error) {
	files := site.Services.System
	if who != host.PersistNetworkd {
		found, err := backend.Install(files)
		if err != nil {
			return nil, err
		}
		mode, err := backend.WatchMode(files, want.after.Set.NeedsWatch())
		if err != nil {
			return nil, err
		}
		if t.Settings.Watch != nil {
			mode = *t.Settings.Watch
		}
		return found, found.Watch(files, mode, t.Settings.Watch != nil)
	}
	now := func() ([]system.File, error) { return networkdFiles(want.after.Set, todo.Seen.Links) }
	return backend.InstallNetworkd(files, now, sync.OnceValues(func() ([]system.File, error) {
		after, err := site.Host.ObserveLinks()
		if err != nil {
			return nil, err
		}
		return networkdFiles(want.after.Set, after.Links)
	}))
}

// showDeclared shows in the difference what changes in the set alone, where nothing of the object changes in the
// kernel.
func showDeclared(steps []plan.Step, todo *services.Plan) {
	if plan.Changes(todo.Steps) {
		return
	}
	todo.Show(steps)
}

// networkdFiles says all that is declared in systemd-networkd's words.
func networkdFiles(set *spec.Set, seen *link.State) ([]system.File, error) {
	arguments, index := spec.Arguments(set.Objects)
	var problems schema.Problems
	_, declaration, err := services.ParseNetwork(arguments)
	if err != nil && !errors.As(err, &problems) {
		return nil, err
	}
	var out []system.File
	if err == nil {
		for _, group := range []string{"lxc_bridges", "nats", "dnsmasqs"} {
			list, _ := arguments[group].([]any)
			for i := range list {
				problems.Add(fmt.Sprintf("%s[%d]", group, i),
					"systemd-networkd does not do what %s stands for: use `persist: true`", group)
			}
		}
		out = networkd.Files(declaration.Host, func(name string) string { return macOf(seen.Find(name)) }, &problems)
	}
	return out, index.Label(problems).Err()
}

// macOf is the MAC address that a link has now, "" if it is not there.
func macOf(there *link.Link) string {
	if there == nil || there.MAC == nil {
		return ""
	}
	return *there.MAC
}
