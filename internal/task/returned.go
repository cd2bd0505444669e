package task

import (
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
)

// returned is what the task returns of the links that it declares, as they are now.
func (t *Task) returned(site *services.Site, want *desired, todo *services.Plan) (schema.Object, error) {
	what := t.Settings.Returned()
	if what == host.ReturnChanged && len(todo.Steps) == 0 || t.Whole {
		return nil, nil
	}
	if what == host.ReturnFull {
		return site.Observed(todo, want.Declaration, host.Everything)
	}
	declared, changed := t.declaredOptions(want), todo.Links()
	names := map[string]bool{}
	for _, options := range declared {
		for _, option := range options {
			names[option] = true
		}
	}
	seen, err := site.Observed(todo, want.Declaration, host.ShownBy(names))
	if err != nil {
		return nil, err
	}
	out := schema.Object{}
	for _, group := range seen {
		list, _ := group.Value.([]any)
		var kept []any
		for _, element := range list {
			one, _ := element.(schema.Object)
			name, _ := one.Get("name").(string)
			options, given := declared[name]
			if !given || what == host.ReturnChanged && !changed[name] {
				continue
			}
			kept = append(kept, slices.DeleteFunc(slices.Clone(one), func(entry schema.Entry) bool {
				return entry.Key != "name" && !slices.Contains(options, entry.Key)
			}))
		}
		if kept != nil {
			out.Set(group.Key, kept)
		}
	}
	return out, nil
}

// declaredOptions are the names of the options that the task gives of each of its links, by the link's name on this
// host.
func (t *Task) declaredOptions(want *desired) map[string][]string {
	out := map[string][]string{}
	for _, bridge := range want.Bridges {
		// Its module has words of its own for these.
		out[bridge.Name] = []string{"up", "mtu", "mac_address", "addresses"}
	}
	if t.Edit == nil || want.Host == nil {
		return out
	}
	for _, change := range t.Edit.Changes {
		if !change.Kind.Link || change.Absent() {
			continue
		}
		for _, one := range want.Host.Interfaces {
			if isNamed(&one.Link, change.Options) {
				for _, entry := range change.Options {
					out[one.Link.Name] = append(out[one.Link.Name], entry.Key)
				}
				break
			}
		}
	}
	return out
}

// isNamed tells whether the options are those of the link, which may be a card that they find by its address.
func isNamed(one *link.Link, options schema.Object) bool {
	if name, given := options.Get("name").(string); given {
		return one.Name == name
	}
	for option, own := range map[string]*string{"match_mac_address": one.MatchMAC, "match_pci_address": one.MatchPCI} {
		if wanted, given := options.Get(option).(string); given {
			return own != nil && *own == wanted
		}
	}
	return false
}
