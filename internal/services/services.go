// Package services composes what a host does for networks behind it: translation and openings, DHCP and DNS, and the
// settings that these need. Like a domain, it observes, plans and restores.
package services

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/firewalld"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/sysctl"
	"hostnet.linux/internal/system"
)

// Kernel is what the services ask of a kernel.
type Kernel interface {
	kernel.Settings
	kernel.Checksums
	RoutesWithin(kernel.RouteScope) ([]kernel.Route, error)
	// PortsBehind finds by which port of a bridge each of its neighbours was last heard.
	PortsBehind(bridge string) (map[netip.Addr]string, error)
}

// Host is where the services run. The files and processes are those of System.
type Host struct {
	Kernel Kernel
	Rules  nft.Kernel
	System *system.System
	// Firewalld is nil where there can be none.
	Firewalld firewalld.Daemon
	// Elsewhere tells that this is another network namespace than the host's: its settings go with it, and no file
	// keeps them.
	Elsewhere bool
}

// Wanted is what a task declares.
type Wanted struct {
	NATs     []*nft.NAT
	DNSMasqs []*dnsmasq.Instance
}

// Empty tells whether a task is about no service at all.
func (w *Wanted) Empty() bool { return len(w.NATs) == 0 && len(w.DNSMasqs) == 0 }

// State is what there is of the services that a task is about. It survives JSON and can be restored.
type State struct {
	Rules     *nft.State       `json:"rules"`
	DNSMasq   *dnsmasq.State   `json:"dnsmasq"`
	Settings  *sysctl.State    `json:"settings"`
	Checksums map[string]bool  `json:"checksums"`
	Firewalld *firewalld.State `json:"firewalld"`
	// uplinks are links that learn their routes from routers.
	uplinks []string
}

// Observe looks at what the task is about.
func (h *Host) Observe(wanted *Wanted) (*State, error) {
	state := &State{Checksums: map[string]bool{}}
	var err error
	if state.Rules, err = nft.Observe(h.Rules); err != nil {
		return nil, err
	}
	if state.Rules.Uplinks, err = h.waysOut(wanted); err != nil {
		return nil, err
	}
	var links []string
	for _, instance := range wanted.DNSMasqs {
		links = append(links, instance.Interface)
		if state.Checksums[instance.Interface], err = h.Kernel.FillsChecksums(instance.Interface); err != nil {
			return nil, err
		}
	}
	if state.DNSMasq, err = dnsmasq.Observe(h.System, links); err != nil {
		return nil, err
	}
	if err := state.DNSMasq.Keep(h.System, wanted.DNSMasqs); err != nil {
		return nil, err
	}
	if state.uplinks, err = h.uplinks(wanted); err != nil {
		return nil, err
	}
	if state.Firewalld, err = firewalld.Observe(h.Firewalld, h.System, trusting(wanted)); err != nil {
		return nil, err
	}
	state.Settings, err = sysctl.Observe(h.Kernel, h.System, h.settings(wanted, state.uplinks))
	return state, err
}

// again looks at the same once more.
func (h *Host) again(before *State) (*State, error) {
	wanted := &Wanted{}
	for _, instance := range before.DNSMasq.Instances {
		wanted.DNSMasqs = append(wanted.DNSMasqs, &dnsmasq.Instance{Interface: instance.Interface})
	}
	state, err := h.Observe(wanted)
	if err != nil {
		return nil, err
	}
	if len(before.DNSMasq.Rivals)+len(state.DNSMasq.Rivals) > 0 {
		return nil, errors.New("it took an interface over from another service, which cannot have it back for a while " +
			"only: do it without a confirmation")
	}
	var zones []firewalld.Request
	if before.Firewalld != nil {
		for link := range before.Firewalld.Zones {
			zones = append(zones, firewalld.Request{Link: link})
		}
	}
	if state.Firewalld, err = firewalld.Observe(h.Firewalld, h.System, zones); err != nil {
		return nil, err
	}
	var settings []sysctl.Setting
	for key := range before.Settings.Values {
		settings = append(settings, sysctl.Setting{Key: key})
	}
	state.Settings, err = sysctl.Observe(h.Kernel, h.System, settings)
	return state, err
}

// join adds what a later state knows and this one does not.
func (s *State) join(later *State) {
	for _, one := range later.DNSMasq.Instances {
		known := slices.IndexFunc(s.DNSMasq.Instances, func(o *dnsmasq.Observed) bool { return o.Interface == one.Interface })
		if known < 0 {
			s.DNSMasq.Instances = append(s.DNSMasq.Instances, one)
		} else {
			s.DNSMasq.Instances[known].Released = append(s.DNSMasq.Instances[known].Released, one.Released...)
		}
	}
	s.DNSMasq.Rivals = append(s.DNSMasq.Rivals, later.DNSMasq.Rivals...)
	s.Checksums = joined(s.Checksums, later.Checksums)
	s.Settings.Values = joined(s.Settings.Values, later.Settings.Values)
	switch {
	case s.Firewalld == nil:
		s.Firewalld = later.Firewalld
	case later.Firewalld != nil:
		s.Firewalld.Zones = joined(s.Firewalld.Zones, later.Firewalld.Zones)
	}
}

func joined[V any](first, later map[string]V) map[string]V {
	out := maps.Clone(later)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, first)
	return out
}

// trusting are the interfaces that firewalld is to leave alone.
func trusting(wanted *Wanted) []firewalld.Request {
	var out []firewalld.Request
	for _, nat := range wanted.NATs {
		if !nat.Absent() && nat.Interface != "" && nat.Handles() {
			out = append(out, firewalld.Request{Link: nat.Interface, Owner: nft.TableName(nat.Name)})
		}
	}
	return out
}

// uplinks are the links whose default route comes from router advertisements. The kernel drops those routes, and takes
// no new ones, when it starts to forward, unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst).
func (h *Host) uplinks(wanted *Wanted) ([]string, error) {
	if !slices.ContainsFunc(wanted.NATs, func(n *nft.NAT) bool { return !n.Absent() && n.IPv6() }) {
		return nil, nil
	}
	routes, err := h.Kernel.RoutesWithin(kernel.RouteScope{Protocols: []uint8{unix.RTPROT_RA}})
	if err != nil {
		return nil, err
	}
	var links []string
	for _, route := range routes {
		for _, hop := range route.NextHops {
			if route.Protocol == unix.RTPROT_RA && hop.Link != "" && !slices.Contains(links, hop.Link) {
				links = append(links, hop.Link)
			}
		}
	}
	slices.Sort(links)
	return links, nil
}

// waysOut are the links of the default routes, by whether they are of IPv6, the one that is taken first.
func (h *Host) waysOut(wanted *Wanted) (map[bool][]string, error) {
	if len(wanted.NATs) == 0 {
		return nil, nil
	}
	var scope kernel.RouteScope
	for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		scope.Destinations = append(scope.Destinations,
			kernel.Destination{To: netip.PrefixFrom(any, 0), Table: unix.RT_TABLE_MAIN})
	}
	routes, err := h.Kernel.RoutesWithin(scope)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(routes, func(a, b kernel.Route) int { return cmp.Compare(a.Metric, b.Metric) })
	out := map[bool][]string{}
	for _, route := range routes {
		if route.Table != unix.RT_TABLE_MAIN || route.Type != unix.RTN_UNICAST || route.To.Bits() != 0 {
			continue
		}
		for _, hop := range route.NextHops {
			if version := route.To.Addr().Is6(); hop.Link != "" && !slices.Contains(out[version], hop.Link) {
				out[version] = append(out[version], hop.Link)
			}
		}
	}
	return out, nil
}

// settings are those that the declared networks need, in the order in which they have to be made.
func (h *Host) settings(wanted *Wanted, uplinks []string) []sysctl.Setting {
	var out []sysctl.Setting
	for _, nat := range wanted.NATs {
		if nat.Absent() {
			continue
		}
		add := func(key, value string) {
			out = append(out, sysctl.Setting{Key: key, Value: value, Owner: nft.TableName(nat.Name), Phase: plan.Forward,
				Volatile: h.Elsewhere})
		}
		add("ipv4/ip_forward", "1")
		if nat.IPv6() {
			for _, link := range uplinks {
				add("ipv6/conf/"+link+"/accept_ra", "2")
			}
			add("ipv6/conf/all/forwarding", "1")
		}
	}
	return out
}

// Result is what it takes to get from the observed services to the wanted ones.
type Result struct {
	Steps    []plan.Step
	Warnings []string
}

// Plan compares and finds the steps. What stands in the way comes back as schema.Problems, before anything is touched.
func (h *Host) Plan(current *State, wanted *Wanted) (*Result, error) {
	if err := h.checkBesideHost(current, wanted); err != nil {
		return nil, err
	}
	served, err := dnsmasq.Plan(h.System, current.DNSMasq, wanted.DNSMasqs)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, nat := range wanted.NATs {
		if nat.Absent() {
			gone = append(gone, nft.TableName(nat.Name))
		}
		// What firewalld drops before it is told says nothing of what it will.
		nat.Trusted = current.Firewalld.Running && nat.Handles() && !current.Firewalld.Trusts(nat.Interface)
	}
	ruled := nft.Plan(h.Rules, current.Rules, wanted.NATs)
	result := &Result{Warnings: append(ruled.Warnings, served.Warnings...)}
	// Forwarding starts once the rules are there.
	result.Steps = append(result.Steps, ruled.Steps...)
	result.Steps = append(result.Steps,
		firewalld.Plan(h.Firewalld, h.System, current.Firewalld, trusting(wanted), gone)...)
	result.Steps = append(result.Steps,
		sysctl.Plan(h.Kernel, h.System, current.Settings, h.settings(wanted, current.uplinks), gone)...)
	for _, instance := range wanted.DNSMasqs {
		h.planChecksums(result, instance, current.Checksums[instance.Interface])
	}
	result.Steps = append(result.Steps, served.Steps...)
	return result, nil
}

// planChecksums has the checksums of DHCP answers filled, which old clients insist on.
func (h *Host) planChecksums(result *Result, instance *dnsmasq.Instance, on bool) {
	want := !instance.Absent() && instance.WantsDHCP() && instance.FillsChecksums()
	if want && !on && !h.Kernel.CanFillChecksums() {
		result.Warnings = append(result.Warnings, fmt.Sprintf(
			"DHCP answers on %s leave without a UDP checksum, which old clients drop: this kernel has no act_csum to fill it "+
				"(set checksum_fix: false if all clients are recent)",
			instance.Interface))
		return
	}
	if want == on {
		return
	}
	step := plan.Step{Phase: plan.Forward, Action: "fill", Object: "checksums of DHCP answers on " + instance.Interface}
	if !want {
		step.Phase, step.Action = plan.Remove, "stop filling"
	}
	step.Run = func() error { return h.Kernel.FillChecksums(instance.Interface, want) }
	result.Steps = append(result.Steps, step)
}

// Restore makes the services as they were. Links have to be as they were already.
func (h *Host) Restore(before *State) error {
	failures := []error{dnsmasq.Restore(h.System, before.DNSMasq), nft.Restore(h.Rules, before.Rules)}
	if before.Firewalld != nil {
		failures = append(failures, firewalld.Restore(h.Firewalld, h.System, before.Firewalld))
	}
	for link, was := range before.Checksums {
		now, err := h.Kernel.FillsChecksums(link)
		if err == nil && now != was {
			err = h.Kernel.FillChecksums(link, was)
		}
		failures = append(failures, err)
	}
	failures = append(failures, sysctl.Restore(h.Kernel, h.System, before.Settings))
	return errors.Join(failures...)
}
