package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/persist"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// keeper is who makes the host as declared at boot: as the task says, or else as it is on this host already.
func (t *Task) keeper(files *system.System) (string, error) {
	if t.Settings.Persist != nil {
		return *t.Settings.Persist, nil
	}
	if is, err := persist.UsesNetworkd(files); is || err != nil {
		return host.PersistNetworkd, err
	}
	return host.PersistBoot, nil
}

// keep adds what it takes that the host is as declared after a boot, too.
func (t *Task) keep(site *services.Site, keeper string, todo *services.Plan) error {
	files := site.Services.System
	steps, paths, err := persist.Plan(files, t.Objects, t.name())
	if err != nil {
		return err
	}
	var found *persist.Installation
	if keeper == host.PersistNetworkd {
		now := func() ([]system.File, error) { return t.networkdFiles(files, todo.Seen.Links) }
		found, err = persist.InstallNetworkd(files, now, sync.OnceValues(func() ([]system.File, error) {
			after, err := site.Host.Observe()
			if err != nil {
				return nil, err
			}
			return t.networkdFiles(files, after.Links)
		}))
	} else {
		found, err = persist.Install(files)
	}
	if err != nil {
		return err
	}
	todo.Steps = slices.Concat(todo.Steps, steps, found.Steps)
	todo.Files = slices.Concat(todo.Files, paths, found.Files)
	todo.Units = found.Units
	for _, service := range found.Managers {
		if !slices.Contains(todo.Managers, service) {
			todo.Managers = append(todo.Managers, service)
		}
	}
	todo.Warnings = append(todo.Warnings, found.Warnings...)
	return nil
}

// networkdFiles says all that is declared on this host, by this task and earlier ones, in systemd-networkd's words.
func (t *Task) networkdFiles(files *system.System, seen *link.State) ([]system.File, error) {
	kept, err := persist.Load(files)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(kept, func(object persist.Object) bool {
		return slices.ContainsFunc(t.Objects, func(o persist.Object) bool { return o.Path() == object.Path() })
	})
	all = append(all, slices.DeleteFunc(slices.Clone(t.Objects), persist.Object.Absent)...)
	arguments := persist.Arguments(all)
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
				problems.Add(fmt.Sprintf("%s[%d]", group, i), "systemd-networkd does not do what %s stands for: use `persist: true`", group)
			}
		}
		out = networkd.Files(declaration.Host, func(name string) string { return macOf(seen.Find(name)) }, &problems)
	}
	t.relabel(problems, all)
	return out, problems.Err()
}

// relabel turns the places in all that is declared into places in the task or in kept files.
func (t *Task) relabel(problems schema.Problems, all []persist.Object) {
	labels, count := map[string]string{}, map[string]int{}
	_, isSingle := groupOf[t.Call.Module]
	for _, object := range all {
		place := fmt.Sprintf("%s[%d]", object.Group, count[object.Group])
		count[object.Group]++
		labels[place] = persist.Label(object, t.Objects, isSingle)
	}
	for i := range problems {
		place, rest, _ := strings.Cut(problems[i].Path, "]")
		if label, known := labels[place+"]"]; known {
			problems[i].Path = strings.TrimPrefix(label+rest, ".")
		}
	}
}

// macOf is the MAC address that a link has now, "" if it is not there.
func macOf(there *link.Link) string {
	if there == nil || there.MAC == nil {
		return ""
	}
	return *there.MAC
}
