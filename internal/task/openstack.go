package task

import (
	"errors"
	"maps"
	"slices"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/manager"
	"hostnet.linux/internal/needed"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// OpenStackDocs describes the options of the network module that take OpenStack-Ansible's variables as they are.
func OpenStackDocs() []schema.Doc {
	return []schema.Doc{
		{
			Name: networkd.DevicesKey, Type: "list", Elements: "dict",
			Text: "OpenStack-Ansible's C(openstack_hosts_systemd_networkd_devices) as it is: what is in C(.netdev) files, a " +
				"dictionary each. They " +
				"become objects of O(bonds), O(vlans), O(vxlans), O(bridges), O(veths), O(dummies), O(macvlans) and O(vrfs).",
		},
		{
			Name: networkd.NetworksKey, Type: "list", Elements: "dict",
			Text: "OpenStack-Ansible's C(openstack_hosts_systemd_networkd_networks) as it is: ports, addresses, routes and " +
				"rules of the links. A " +
				"static route without C(Metric) gets 21 as the first of its link, and one more each next.",
		},
		{
			Name: needed.Key, Type: "raw",
			Text: "C(container_networks) of the host or of its containers, or a list of several. Each bridge must be declared " +
				"or on the host, and every " +
				"link below must carry the MTU; else nothing is changed.",
		},
		{
			Name: needed.NetworkKey, Type: "list", Elements: "dict",
			Text: "C(provider_networks) of OpenStack-Ansible, for O(needed): which bridges are to be Open vSwitch's, and " +
				"which links it takes for them.",
		},
		{
			Name: needed.NeutronKey, Type: "dict",
			Text: "C(neutron_provider_networks) of OpenStack-Ansible, for O(needed), where the operator writes it.",
		},
	}
}

// OpenStack is what a task takes from OpenStack-Ansible's variables.
type OpenStack struct {
	reading  *networkd.Reading
	needs    *needed.Needs
	problems *schema.Problems
}

// ExpandOpenStack turns OpenStack-Ansible's variables among the network module's arguments into objects of it.
func ExpandOpenStack(arguments map[string]any) (map[string]any, *OpenStack, error) {
	given := map[string]any{}
	expanded := maps.Clone(arguments)
	for _, doc := range OpenStackDocs() {
		if value := arguments[doc.Name]; value != nil {
			given[doc.Name] = value
		}
		delete(expanded, doc.Name)
	}
	if len(given) == 0 {
		return expanded, nil, nil
	}
	o := &OpenStack{problems: &schema.Problems{}}
	devices, networks := given[networkd.DevicesKey], given[networkd.NetworksKey]
	o.reading = networkd.ReadOSA(devices, networks, arguments, o.problems)
	maps.Copy(expanded, o.reading.Arguments)
	if given[needed.Key] != nil {
		o.needs = needed.Read(given[needed.Key], given[needed.NetworkKey], given[needed.NeutronKey], devices != nil ||
			networks != nil, o.problems)
	}
	return expanded, o, o.problems.Err()
}

// Label has problems name the places of the variables.
func (o *OpenStack) Label(err error) error {
	var problems schema.Problems
	if o == nil || !errors.As(err, &problems) {
		return err
	}
	return o.reading.Label(problems)
}

// Finish adds what was noted to a result.
func (o *OpenStack) Finish(result ansible.Result) ansible.Result {
	if o == nil {
		return result
	}
	result.Err = o.Label(result.Err)
	result.Warnings = append(result.Warnings, o.reading.Warnings...)
	return result
}

// checkNeeds compares what is needed with the host as the task leaves it.
func (t *Task) checkNeeds(site *services.Site, want *desired) ([]string, error) {
	if t.OpenStack == nil || t.OpenStack.needs == nil {
		return nil, nil
	}
	seen, err := site.Host.ObserveLinks()
	if err != nil {
		return nil, err
	}
	links := needed.See(seen.Links.Raw(), seen.Addresses.Addresses)
	declared := t.Call.Arguments
	if want.after != nil {
		declared, _ = spec.Arguments(want.after.Set.Objects)
		// What is to be gone is in the task alone.
		links.Declare(gone(t.Call.Arguments))
	}
	links.Declare(declared)
	warnings := t.OpenStack.needs.Check(links)
	return warnings, t.OpenStack.problems.Err()
}

// isOthers tells a host that systemd-networkd has set up, and sets up at every boot, just as OpenStack-Ansible's
// variables say, and of which nothing is kept yet: there is nothing to do until it is taken over.
func (t *Task) isOthers(files *system.System, want *desired, todo *services.Plan) (bool, error) {
	if t.OpenStack == nil || len(t.OpenStack.reading.Interfaces) == 0 || len(todo.Steps) > 0 || want.kept == nil ||
		t.Settings.TakesOver() ||
		t.Settings.Releases() {
		return false, nil
	}
	kept := want.kept.Set.Keys()
	for _, object := range want.after.Scope {
		if kept[object.Key()] {
			return false, nil
		}
	}
	kinds := kindsOf(want.Declaration)
	var links []manager.Link
	for _, name := range t.OpenStack.reading.Interfaces {
		links = append(links, describe(kinds[name], todo.Seen.Links, name))
	}
	claims, err := manager.Claims(files, links)
	if err != nil {
		return false, err
	}
	for _, link := range links {
		if !slices.ContainsFunc(claims, func(claim manager.Claim) bool { return claim.Link == link.Name }) {
			return false, nil
		}
	}
	todo.Warnings = append(todo.Warnings, "the host is as it is to be, and "+claims[0].Describe()+
		" sets it up so: nothing is kept here until "+
		"`manager: takeover`")
	return true, nil
}

// gone are the arguments' absent objects.
func gone(arguments map[string]any) map[string]any {
	out := map[string]any{}
	for _, kind := range spec.Kinds() {
		for _, element := range spec.ElementsOf(arguments[kind.Key]) {
			if fields, isDict := element.(map[string]any); isDict && fields["state"] == "absent" {
				list, _ := out[kind.Key].([]any)
				out[kind.Key] = append(list, any(fields))
			}
		}
	}
	return out
}
