package link

import (
	"slices"
	"strings"
	"sync"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Result is what it takes to get from the observed links to the wanted ones.
type Result struct {
	Steps    []plan.Step
	Warnings []string
	// Effects is what the plan leaves for addresses and routes to stand on.
	Effects plan.LinkEffects
	// Final is what each touched link becomes.
	Final map[string]*Link
}

// planner gathers what happens to each link before it writes the steps.
type planner struct {
	kernel  Kernel
	current *State
	wanted  []*Link
	// final is what each touched link becomes, in the order of touched.
	final   map[string]*Link
	touched []string
	// changed are the options of a link that stays whose value differs.
	changed map[string]options[Link]
	// fresh links are made by this plan, gone ones deleted; a link that is made again is both.
	fresh, gone map[string]bool
	// comesAlong are ends of veth pairs that the creation of the other end makes, goesAlong those that its deletion takes.
	comesAlong, goesAlong map[string]bool
	// controller is the wanted controller of each port that the plan may move; ports are the options to set there.
	controller map[string]string
	ports      map[string]*Port
	// joins holds the new controller of each link that becomes a port.
	joins map[string]string
	// flapping controllers release all their ports for a while.
	flapping map[string]bool
	// dormant holds what a restored link keeps for other modes.
	dormant map[string]*Link
	// lateDone are bonds whose late options are in the plan.
	lateDone map[string]bool
	// order is the one in which ports are seen to, once it has been asked for.
	order []string
	// up follows the links through the plan.
	up     map[string]bool
	depths map[string]int
	// upperIndex holds the observed links by their parent.
	upperIndex map[string][]*Link
	// takerIndex is what takers found.
	takerIndex map[string][]*Link
	// byController holds those that are there by whose ports they will be, once that has been asked for.
	byController map[string][]*Link
	losses       map[string]plan.Impact
	// effects are links whose MTU follows that of others; noIPv6 and readdressed are as in plan.LinkEffects.
	effects             map[string]bool
	noIPv6, readdressed map[string]string
	// newWithoutIPv6 tells whether a setting keeps IPv6 off new links; it is read when it is first asked for.
	newWithoutIPv6 func() bool
	// listening are VXLANs by their ports and what they take, once that has been asked for.
	listening map[uint16]map[hearing]string
	steps     []plan.Step
	warnings  []string
	problems  schema.Problems
	deletion  deletion
}

// Plan compares and finds the steps. All problems that the kernel's state brings to light come back as
// schema.Problems, before anything is touched.
func Plan(k Kernel, current *State, wanted []*Link) (*Result, error) {
	p := &planner{
		kernel: k, current: current, wanted: wanted,
		final: make(map[string]*Link, len(wanted)), changed: map[string]options[Link]{},
		fresh: map[string]bool{}, gone: map[string]bool{}, comesAlong: map[string]bool{}, goesAlong: map[string]bool{},
		controller: make(map[string]string, len(wanted)), ports: make(map[string]*Port, len(wanted)),
		joins: map[string]string{}, flapping: map[string]bool{}, lateDone: map[string]bool{}, dormant: map[string]*Link{},
		up: make(map[string]bool, len(current.Links)), depths: make(map[string]int, len(current.Links)),
		losses: map[string]plan.Impact{},
	}
	p.newWithoutIPv6 = sync.OnceValue(func() bool {
		value, err := k.Setting("ipv6/conf/default/disable_ipv6")
		return err == nil && value == "1"
	})
	for _, link := range current.Links {
		p.up[link.Name] = *link.Up
	}
	leaveOptional(current, wanted)
	declared := make(map[string]bool, len(wanted))
	for _, link := range wanted {
		if !p.find(link) {
			continue
		}
		if declared[link.Name] {
			p.problem(link, "name", "%s is declared twice", link.Name)
			continue
		}
		declared[link.Name] = true
		if err := p.classify(link); err != nil {
			return nil, err
		}
	}
	p.remakeAll()
	p.followParents()
	p.assignPorts()
	p.check()
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	p.emit()
	return &Result{Steps: p.steps, Warnings: p.warnings, Effects: p.summedEffects(), Final: p.final}, nil
}

// summedEffects sums up what the plan leaves for addresses and routes.
func (p *planner) summedEffects() plan.LinkEffects {
	ground := plan.LinkEffects{Impacts: p.losses, Deleted: map[string]bool{}, Down: make(map[string]bool, len(p.up)),
		Joins:  p.joins,
		NoIPv6: p.noIPv6, Readdressed: p.readdressed}
	for name := range p.gone {
		if !p.fresh[name] {
			ground.Deleted[name] = true
			delete(ground.Impacts, name)
		}
	}
	for name, up := range p.up {
		ground.Down[name] = !up
	}
	return ground
}

// classify decides whether a wanted link comes, goes, changes or is made again.
func (p *planner) classify(want *Link) error {
	have := p.current.Find(want.Name)
	switch {
	case want.Absent() && have == nil:
	case want.Absent() && want.Kind == Hardware:
		p.reset(have)
	case want.Absent():
		p.gone[want.Name] = true
	case have == nil && want.Kind == Hardware && p.isNewPeer(want.Name):
		p.become(want.Name, clone(want))
		p.fresh[want.Name], p.comesAlong[want.Name] = true, true
	case have == nil && p.current.findAlternative(want.Name) != nil:
		p.problem(want, "name", "%s", p.missing(want.Name))
	case have == nil && want.Kind == Hardware:
		p.problem(want, "name", "there is no interface %s on this host (there are: %s)", want.Name, p.hardwareNames())
	case have == nil:
		p.checkNamespace(want)
		final := clone(want)
		p.roundDelays(final, want)
		p.become(want.Name, final)
		p.fresh[want.Name] = true
	case want.Kind != Hardware && have.Kind != want.Kind:
		p.replace(want, have)
	default:
		if err := p.identifyPeer(want, have); err != nil {
			return err
		}
		p.compare(want, have)
	}
	return nil
}

// reset leaves hardware as it is before anyone uses it, since it cannot be removed.
func (p *planner) reset(have *Link) {
	final := clone(have)
	down := false
	final.Up = &down
	p.become(have.Name, final)
	p.controller[have.Name] = ""
}

func (p *planner) become(name string, final *Link) {
	if _, known := p.final[name]; !known {
		p.touched = append(p.touched, name)
	}
	p.final[name] = final
}

// compare notes the options that differ and what it takes to change them.
func (p *planner) compare(want, have *Link) {
	if want.Observed.Dormant != nil {
		p.dormant[have.Name] = want.Observed.Dormant
	}
	want.Bond.oneMonitor(&have.Bond)
	if tableOf(have.Kind).Satisfied(want, have) {
		p.become(have.Name, have)
		return
	}
	final := clone(have)
	all := rows(have.Kind)
	tableOf(have.Kind).Overlay(final, want)
	final.VXLAN.oneFarEnd(&want.VXLAN)
	final.VXLAN.keepReserved(&want.VXLAN, &have.VXLAN)
	p.roundDelays(final, want)
	p.become(have.Name, final)
	var changed options[Link]
	worst := live
	for i := range all {
		row := &all[i]
		if row.IsSet(want) && !row.Equal(final, have) && (row.Name != "ageing_time" || !have.Observed.HidesAgeing) {
			changed = append(changed, *row)
			worst = max(worst, p.needs(row, final, have))
		}
	}
	if have.Observed.HidesAgeing && want.Bridge.AgeingTime != nil {
		changed = p.hiddenAgeing(changed, final)
	}
	p.changed[have.Name] = p.alongside(changed, final)
	switch worst {
	case recreate:
		p.fresh[have.Name], p.gone[have.Name] = true, true
		if parent := p.current.Find(deref(have.Parent)); have.Kind == Macvlan && want.MAC == nil && parent != nil &&
			deref(parent.MAC) == deref(have.MAC) {
			// In mode passthru it has its parent's address, which no other mode can.
			final.MAC = nil
		}
	case withoutPorts:
		p.flapping[have.Name] = true
	case live, whileDown:
	}
}

// hiddenAgeing does not take what the kernel hides for the moment for different, or every run would change it; but it
// is set along with other options, since the end of the spanning tree uncovers it.
func (p *planner) hiddenAgeing(changed options[Link], final *Link) options[Link] {
	if len(changed) == 0 {
		final.Bridge.AgeingTime = nil
		p.warn("bridge %s: the kernel does not tell ageing_time while the spanning tree changes: it was not compared",
			final.Name)
		return changed
	}
	for _, row := range kindRows(Bridge) {
		if row.Name == "ageing_time" {
			changed = append(changed, row)
		}
	}
	return changed
}

// needs is the row's class for this change of the link. The drivers of hardware refuse a new MAC address while they run
// (eth_mac_addr in net/ethernet/eth.c), virtual links take it.
func (p *planner) needs(row *option[Link], final, have *Link) change {
	class := row.change
	if row.harder != nil {
		class = max(class, row.harder(final, have))
	}
	if row.Name == "mac_address" && have.Kind == Hardware && *have.Up {
		return whileDown
	}
	return class
}

// alongside adds the rows that the kernel changes on its own when another one changes.
func (p *planner) alongside(changed options[Link], final *Link) options[Link] {
	names := map[string]bool{}
	for _, row := range changed {
		names[row.Name] = true
	}
	for _, row := range kindRows(final.Kind) {
		if names[row.Name] || row.encode == nil || row.late || !row.IsSet(final) {
			continue
		}
		follows := false
		switch final.Kind {
		case Bond:
			// The delays are kept as multiples of miimon, and a new mode resets others (bond_option_mode_set).
			follows = names["mode"] || (names["miimon"] && row.applies != nil && isDelay(row.Name))
		case Bridge:
			// A spanning tree that goes while it changes leaves its own ageing time behind (__br_set_topology_change).
			follows = names["stp"] && row.Name == "ageing_time"
		}
		if follows && (row.applies == nil || row.applies(final) == "") {
			changed = append(changed, row)
		}
	}
	return changed
}

func isDelay(name string) bool {
	return name == "updelay" || name == "downdelay" || name == "peer_notif_delay"
}

// roundDelays brings the delays to what the kernel keeps (_bond_option_delay_set), so that a second run is silent.
func (p *planner) roundDelays(final, want *Link) {
	miimon := final.Bond.Miimon
	if final.Kind != Bond || miimon == nil || *miimon == 0 {
		return
	}
	delays := []struct {
		name  string
		want  *uint32
		final **uint32
	}{
		{"updelay", want.Bond.Updelay, &final.Bond.Updelay},
		{"downdelay", want.Bond.Downdelay, &final.Bond.Downdelay},
		{"peer_notif_delay", want.Bond.PeerNotifDelay, &final.Bond.PeerNotifDelay},
	}
	for _, delay := range delays {
		if delay.want == nil || *delay.want%*miimon == 0 {
			continue
		}
		rounded := *delay.want - *delay.want%*miimon
		*delay.final = &rounded
		p.warn("bond %s: %s %d is not a multiple of miimon %d: the kernel keeps %d", final.Name, delay.name, *delay.want,
			*miimon, rounded)
	}
}

// checkNamespace finds out beforehand whether a new pair's far end has somewhere to go.
func (p *planner) checkNamespace(want *Link) {
	if want.PeerNS == nil {
		return
	}
	if _, err := p.kernel.NamespaceID(*want.PeerNS); err != nil {
		p.problem(want, "peer_netns", "%v", err)
	}
}

// identifyPeer finds out whether the far end of a veth pair is the wanted one where it is in another namespace, so
// that comparing the two names says the truth.
func (p *planner) identifyPeer(want, have *Link) error {
	if want.Kind != Veth {
		return nil
	}
	if want.PeerNS == nil {
		if have.Observed.PeerNSID >= 0 && want.Peer != nil {
			p.problem(want, "peer", "the other end of %s is in another network namespace: name that in peer_netns", want.Name)
		}
		return nil
	}
	number, err := p.kernel.NamespaceID(*want.PeerNS)
	if err != nil {
		p.problem(want, "peer_netns", "%v", err)
		return nil
	}
	if have.Observed.PeerNSID < 0 || number != have.Observed.PeerNSID {
		return nil
	}
	have.PeerNS = want.PeerNS
	name, err := p.kernel.LinkNameIn(*want.PeerNS, have.Observed.PeerIndex)
	if err != nil {
		return err
	}
	have.Peer = &name
	return nil
}

func clone(link *Link) *Link {
	out := *link
	if link.Ports != nil {
		ports := slices.Clone(*link.Ports)
		out.Ports = &ports
	}
	return &out
}

func (p *planner) hardwareNames() string {
	var names, others []string
	for _, link := range p.current.Links {
		switch {
		case link.Observed.Loopback:
		case link.Kind == Hardware:
			names = append(names, link.Name)
		default:
			others = append(others, link.Name)
		}
	}
	if len(names) == 0 && len(others) > 0 {
		return "no cards, but " + strings.Join(others, ", ")
	}
	return joined(names, "none")
}
