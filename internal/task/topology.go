package task

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/topology"
)

// Topology reads how the host is wired, and marks what differs from what is kept on it. It changes nothing. That the
// difference could not be found is a warning.
func Topology(namespace string) (*topology.Host, []string, error) {
	wired, err := topology.Read(namespace)
	if err != nil || namespace != "" {
		return wired, nil, err
	}
	steps, err := drift(&system.System{})
	if err != nil {
		return wired, []string{fmt.Sprintf("cannot tell what differs from what is kept in %s: %v", store.Declarations, err)},
			nil
	}
	for _, step := range steps {
		if strings.HasPrefix(step.Object, "rule ") {
			continue // no link's, though it may send to one
		}
		_, name, _ := strings.Cut(step.Object, " ")
		link := wired.Root().Link(name)
		if link == nil && len(step.Links) > 0 {
			link = wired.Root().Link(step.Links[0])
		}
		if link == nil {
			continue
		}
		for _, word := range optionsOf(step) {
			if !slices.Contains(link.Drift, word) {
				link.Drift = append(link.Drift, word)
			}
		}
	}
	return wired, nil, nil
}

// listed are the options of a link that objects of these kinds are elements of.
var listed = map[string]string{
	"address": "addresses", "route": "routes",
}

// optionsOf are the options of its link that a step is to change.
func optionsOf(step plan.Step) []string {
	kind, _, _ := strings.Cut(step.Object, " ")
	switch {
	case listed[kind] != "":
		return []string{listed[kind]}
	case step.Action == "up" || step.Action == "down":
		return []string{"up"}
	case len(step.Changes) == 0:
		return []string{step.Action}
	}
	var names []string
	for _, change := range step.Changes {
		names = append(names, change.Option)
	}
	return names
}

// drift is what it would take to make the host as it is kept.
func drift(files *system.System) ([]plan.Step, error) {
	kept, err := store.Load(files)
	if err != nil || len(kept.Set.Objects) == 0 {
		return nil, err
	}
	arguments, _ := spec.Arguments(kept.Set.Objects)
	_, declaration, err := services.ParseNetwork(arguments)
	if err != nil {
		return nil, err
	}
	handle, err := linux.Open("")
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	found, err := (&host.Host{Kernel: handle}).Plan(declaration.Host)
	if err != nil {
		return nil, err
	}
	return found.Steps, nil
}
