package task

import (
	"slices"

	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/manager"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// planManagers adds what it takes that no other program sets up the task's links, or a warning for each that does.
func (t *Task) planManagers(site *services.Site, want *desired, kept bool, todo *services.Plan) error {
	files := site.Services.System
	if is, err := backend.UsesNetworkd(files); err != nil {
		return err
	} else if is && !t.Settings.PersistsAtBoot() {
		kept = true
	}
	declaration := want.Declaration
	request := manager.Request{Takeover: t.Settings.TakesOver(), Kept: kept}
	kinds := kindsOf(declaration)
	for _, name := range present(declaration) {
		request.Links = append(request.Links, describe(kinds[name], todo.Seen.Links, name))
	}
	state := stateOf(declaration)
	request.Foreign = slices.ContainsFunc(state.Rules, func(r *rule.Rule) bool { return !r.Absent() })
	if t.Settings.Releases() {
		request.Release, request.ForeignGone = append(present(declaration), absent(declaration)...), true
	} else if err := t.release(files, want, todo, &request); err != nil {
		return err
	}
	found, err := manager.Plan(files, request)
	if err != nil {
		return err
	}
	todo.Add(found.Steps)
	todo.Files = append(todo.Files, found.Files...)
	todo.Managers = found.Services
	todo.Warnings = append(todo.Warnings, found.Warnings...)
	return nil
}

// release gives back what was taken over for the sake of objects that are not declared any more, or not with these
// ports.
func (t *Task) release(files *system.System, want *desired, todo *services.Plan, request *manager.Request) error {
	taken, foreign, err := manager.Taken(files)
	if err != nil || len(taken) == 0 && !foreign {
		return err
	}
	before, after := &services.Declaration{}, &services.Declaration{}
	if want.kept != nil {
		before, after = parsed(want.kept.Set.Objects), parsed(want.after.Set.Objects)
	}
	still := append(present(after), present(want.Declaration)...)
	candidates := append(present(before), absent(want.Declaration)...)
	for _, step := range todo.Steps {
		if step.Phase == plan.Release {
			candidates = append(candidates, step.Links...)
		}
	}
	for _, name := range candidates {
		if !slices.Contains(still, name) && slices.Contains(taken, name) && !slices.Contains(request.Release, name) {
			request.Release = append(request.Release, name)
		}
	}
	request.ForeignGone = foreign && !request.Foreign && len(stateOf(before).Rules) > 0 && len(stateOf(after).Rules) == 0
	return nil
}

// parsed is what kept objects declare; those that cannot be read declare nothing here.
func parsed(objects []*spec.Object) *services.Declaration {
	arguments, _ := spec.Arguments(objects)
	_, declaration, err := services.ParseNetwork(arguments)
	if err != nil {
		return &services.Declaration{}
	}
	return declaration
}

func stateOf(d *services.Declaration) *host.State {
	if d.Host == nil {
		return &host.State{}
	}
	return d.Host
}

// present are the links that are declared, with those that become their ports.
func present(d *services.Declaration) []string {
	var names []string
	seen := map[string]bool{"": true}
	add := func(name string) {
		if !seen[name] {
			names, seen[name] = append(names, name), true
		}
	}
	for _, one := range stateOf(d).Interfaces {
		if one.Link.Absent() {
			continue
		}
		add(one.Link.Name)
		if one.Link.Ports != nil {
			for _, port := range *one.Link.Ports {
				add(port.Name)
			}
		}
	}
	for _, bridge := range d.Bridges {
		if !bridge.Absent() {
			add(bridge.Name)
		}
	}
	return names
}

func absent(d *services.Declaration) []string {
	var names []string
	for _, one := range stateOf(d).Interfaces {
		if one.Link.Absent() {
			names = append(names, one.Link.Name)
		}
	}
	for _, bridge := range d.Bridges {
		if bridge.Absent() {
			names = append(names, bridge.Name)
		}
	}
	return names
}

// kindsOf are the kinds of the declared links.
func kindsOf(d *services.Declaration) map[string]string {
	kinds := map[string]string{}
	for _, one := range stateOf(d).Interfaces {
		kinds[one.Link.Name] = one.Link.Kind
	}
	for _, bridge := range d.Bridges {
		kinds[bridge.Name] = link.Bridge
	}
	return kinds
}

// describe is what other programs know the link by.
func describe(kind string, seen *link.State, name string) manager.Link {
	out := manager.Link{Name: name, Kind: kind}
	if there := seen.Find(name); there != nil {
		out.Index, out.MAC = there.Observed.Index, macOf(there)
	}
	return out
}
