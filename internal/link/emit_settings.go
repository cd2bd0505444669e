package link

import (
	"fmt"
	"strconv"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// settingFiles are the files under /proc/sys/net behind each setting, with %s for the link.
var settingFiles = map[string][]string{
	"accept_ra":  {"ipv6/conf/%s/accept_ra"},
	"proxy_arp":  {"ipv4/conf/%s/proxy_arp"},
	"rp_filter":  {"ipv4/conf/%s/rp_filter"},
	"forwarding": {"ipv4/conf/%s/forwarding", "ipv6/conf/%s/forwarding"},
}

// emitSettings writes what differs from have, or all that is set when have is nil.
func (p *planner) emitSettings(final, have *Link) {
	rows := commonRows()
	mtu := p.coming(final.Name, longestStack)
	for i := range rows {
		row := &rows[i]
		files, isSetting := settingFiles[row.Name]
		// What a link that is made again had goes with IPv6.
		lost := row.Name == "accept_ra" && mtu != nil && *mtu < leastIPv6
		if !isSetting || lost || !row.IsSet(final) || (have != nil && row.Equal(final, have)) {
			continue
		}
		change := schema.Change{Option: row.Name, New: row.Export(final)}
		if have != nil {
			change.Old = row.Export(have)
		}
		name, value := final.Name, settingValue(change.New)
		p.add(plan.Step{
			Phase: plan.Adjust, Action: "change", Object: final.Describe(), Changes: []schema.Change{change},
			Run: func() error { return p.writeSettings(name, files, value) },
		}, name)
	}
}

func settingValue(value any) string {
	if on, isBool := value.(bool); isBool {
		return strconv.Itoa(int(oneIf(on)))
	}
	return fmt.Sprint(value)
}

func (p *planner) writeSettings(name string, files []string, value string) error {
	for _, file := range files {
		path := fmt.Sprintf(file, name)
		// A link without IPv6 has no such file; that is its value as far as the observation goes.
		if _, err := p.kernel.Setting(path); err != nil && len(files) > 1 {
			continue
		}
		if err := p.kernel.SetSetting(path, value); err != nil {
			return err
		}
	}
	return nil
}

// emitSets brings keyed sets to what is declared: the bridge's own VLANs and a VXLAN's forwarding entries.
func (p *planner) emitSets(name string) {
	final, have := p.final[name], p.current.Find(name)
	if p.fresh[name] {
		have = &Link{}
		have.Bridge.VLANs = defaultVLANs(final)
	}
	if final.Kind == Bridge && final.Bridge.VLANs != nil {
		p.emitVLANs(name, true, final.Describe(), deref(have.Bridge.VLANs), *final.Bridge.VLANs)
	}
	if final.Kind == VXLAN && final.VXLAN.FDB != nil {
		p.emitForwarding(final, deref(have.VXLAN.FDB))
	}
}

func (p *planner) emitForwarding(final *Link, have []kernel.ForwardingEntry) {
	want := map[kernel.ForwardingEntry]bool{}
	for _, entry := range *final.VXLAN.FDB {
		want[entry] = true
	}
	had := map[kernel.ForwardingEntry]bool{}
	name := final.Name
	for _, entry := range have {
		had[entry] = true
		if !want[entry] {
			p.add(plan.Step{
				Phase: plan.Adjust, Depth: 1, Action: "remove", Object: forwardingObject(name, entry),
				Run: func() error { return p.kernel.DeleteForwardingEntry(name, entry) },
			}, name)
		}
	}
	for _, entry := range *final.VXLAN.FDB {
		if !had[entry] {
			p.add(plan.Step{
				Phase: plan.Adjust, Action: "add", Object: forwardingObject(name, entry),
				Run: func() error { return p.kernel.AddForwardingEntry(name, entry) },
			}, name)
		}
	}
}

func forwardingObject(link string, entry kernel.ForwardingEntry) string {
	return fmt.Sprintf("forwarding entry %s to %s on vxlan %s", entry.Address, entry.Destination, link)
}

// emitUp brings up what is to be up and is not, or not any more, and down what is to be down.
func (p *planner) emitUp() {
	declared := make(map[string]bool, len(p.touched))
	for _, name := range p.touched {
		final := p.final[name]
		declared[name] = true
		switch {
		case final.Up == nil:
		case *final.Up:
			p.raise(deref(final.Parent), declared)
			p.emitUpStep(name)
		case p.up[name]:
			p.emitDown(name)
		}
	}
	// A port or a parent that nobody declares is of no use while it is down.
	for _, name := range p.portOrder() {
		if p.controller[name] != "" && p.final[name] == nil {
			p.emitUpStep(name)
		}
	}
}

// raise brings up an undeclared parent: the kernel refuses to bring a VLAN up above a link that is down.
func (p *planner) raise(parent string, declared map[string]bool) {
	if parent != "" && p.final[parent] == nil && !declared[parent] {
		declared[parent] = true
		p.emitUpStep(parent)
	}
}

func (p *planner) emitUpStep(name string) {
	if p.up[name] {
		return
	}
	p.up[name] = true
	up := true
	p.add(plan.Step{
		Phase: plan.Up, Depth: p.depth(name), Action: "up", Object: p.describe(name),
		Run: func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Up: &up}) },
	}, name)
	for _, upper := range p.uppers(name) {
		// The kernel brings the VLANs up along with their parent, also those that were down.
		if upper.Kind != VLAN || p.gone[upper.Name] || deref(upper.VLAN.LooseBinding) {
			continue
		}
		wantsDown := !*upper.Up
		if final := p.final[upper.Name]; final != nil && final.Up != nil {
			wantsDown = !*final.Up
		}
		if wantsDown {
			p.emitDownAgain(upper.Name)
		} else {
			p.up[upper.Name] = true
		}
	}
}

func (p *planner) emitDownAgain(name string) {
	down := false
	p.add(plan.Step{
		Phase: plan.Up, Depth: p.depth(name), Action: "down", Object: p.describe(name), Disruption: plan.LinkDown,
		Run: func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Up: &down}) },
	}, name)
}
