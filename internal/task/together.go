package task

import (
	"slices"

	"hostnet.linux/internal/persist"
	"hostnet.linux/internal/services"
)

// togetherGroups are the objects that can contradict each other across tasks.
var togetherGroups = []string{"lxc_bridges", "nats", "dnsmasqs"}

// checkBesideKept finds what contradicts an object that an earlier task has declared. A task without objects of its own
// applies the kept ones, which are compared as they are read.
func (t *Task) checkBesideKept(site *services.Site, declaration *services.Declaration) error {
	concerned := slices.ContainsFunc(t.Objects, func(o persist.Object) bool { return slices.Contains(togetherGroups, o.Group) && !o.Absent() })
	if !concerned || site.Services.Elsewhere {
		return nil
	}
	// A file that cannot be read is told by the commands that read them all.
	objects, _ := persist.Load(site.Services.System)
	kept := &services.Declaration{}
	for _, object := range objects {
		own := slices.ContainsFunc(t.Objects, func(o persist.Object) bool { return o.Path() == object.Path() })
		if own || !slices.Contains(togetherGroups, object.Group) {
			continue
		}
		_, one, err := services.ParseNetwork(persist.Arguments([]persist.Object{object}))
		if err != nil {
			continue
		}
		for _, bridge := range one.Bridges {
			bridge.Path, bridge.NAT.Path, bridge.DNSMasq.Path = object.Path(), object.Path(), object.Path()
		}
		for _, nat := range one.NATs {
			nat.Path = object.Path()
		}
		for _, instance := range one.DNSMasqs {
			instance.Path = object.Path()
		}
		kept.Bridges = append(kept.Bridges, one.Bridges...)
		kept.NATs = append(kept.NATs, one.NATs...)
		kept.DNSMasqs = append(kept.DNSMasqs, one.DNSMasqs...)
	}
	return declaration.CheckBeside(kept)
}
