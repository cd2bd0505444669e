package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hostnet.linux/internal/agent"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/topology"
)

// condition shows how a host is, what is wrong first.
func (t *terminal) condition(now *condition) error {
	if now.Pending != "" {
		fmt.Fprintln(t.output, t.paint("33", now.Pending))
	}
	head := fmt.Sprintf("%s, hostnet %s", t.paint("1", now.Host), now.Version)
	if now.Generation > 0 {
		head += fmt.Sprintf(", generation %d", now.Generation)
	}
	if now.Backend != "" {
		head += ", set up at boot by " + now.Backend
	}
	fmt.Fprintln(t.output, head)
	for _, line := range now.Problems {
		fmt.Fprintln(t.output, t.paint("31", line))
	}
	for _, object := range now.Drift {
		line := "differs: " + object
		if slices.Contains(now.Left, object) {
			line += " (taken away three times in a minute: hostnet watch leaves it so)"
		}
		fmt.Fprintln(t.output, t.paint("33", line))
	}
	for _, line := range now.Incomplete {
		fmt.Fprintln(t.output, t.paint("33", "incomplete: "+line))
	}
	for _, object := range now.Undeclared {
		fmt.Fprintln(t.output, t.paint("33", object+stillThere))
	}
	switch {
	case now.Compared.IsZero() && len(now.Problems) == 0:
		fmt.Fprintln(t.output, "whether it is as declared is told to root: sudo hostnet status")
	case now.Compared.IsZero():
	case now.Objects == 0:
		fmt.Fprintln(t.output, "nothing is declared")
	case len(now.Drift)+len(now.Incomplete) == 0:
		fmt.Fprintf(t.output, "%s as declared\n", plan.Count(now.Objects, "object"))
	}
	if err := t.linkTable(now.Host, now.Links); err != nil {
		return err
	}
	t.servedText(now)
	return nil
}

// linkTable is a line for each link.
func (t *terminal) linkTable(here string, links []linkStatus) error {
	fmt.Fprintln(t.output)
	writer := tabwriter.NewWriter(t.output, 0, 0, 2, ' ', 0)
	fmt.Fprintln(writer, "LINK\tKIND\tSTATE\tMTU\tPART OF\tADDRESSES\tNOTES")
	for _, one := range links {
		kind := one.Kind
		switch {
		case one.Loopback:
			kind = "loopback"
		case kind == "":
			kind = "nic"
		}
		fmt.Fprintf(writer, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n",
			one.Name, kind, one.State, one.MTU, one.Controller, strings.Join(one.Addresses, " "),
			strings.Join(one.notes(here), ", "))
	}
	return writer.Flush()
}

// notes are what is special of a link of the host with that name, in words.
func (l linkStatus) notes(here string) []string {
	var out []string
	add := func(given bool, format string, values ...any) {
		if given {
			out = append(out, fmt.Sprintf(format, values...))
		}
	}
	add(l.Session, "this session")
	add(len(l.Drift) > 0, "differs: %s", strings.Join(l.Drift, " "))
	add(l.VLAN != 0, "VLAN %d on %s", l.VLAN, l.Parent)
	add(l.VNI != 0, "VNI %d", l.VNI)
	add(l.BondMode != "", "%s", l.BondMode)
	add(l.ActivePort != "", "active port %s", l.ActivePort)
	add(l.Partner != "", "LACP partner %s", l.Partner)
	add(l.Role != "", "%s port", l.Role)
	if l.Peer != nil {
		isHere := l.Peer.Namespace == here && l.Peer.Within == ""
		add(isHere, "peer %s", l.Peer.Link)
		add(!isHere && l.Peer.Within == "", "peer %s in %s", l.Peer.Link, l.Peer.Namespace)
		add(l.Peer.Within != "", "peer %s in %s of %s", l.Peer.Link, l.Peer.Namespace, l.Peer.Within)
	}
	if l.Neighbour != nil {
		add(true, "switch %s port %s", l.Neighbour.System, l.Neighbour.Port)
	}
	if l.Carrier != nil && !l.Loopback {
		out = append(out, carrierText(l.State == topology.Up, l.Carrier))
	}
	// The first change is that of a link that comes up.
	add(l.CarrierChanges > 2, "carrier changed %d times", l.CarrierChanges)
	add(l.Errors > 0, "%s", plan.Count(int(l.Errors), "error"))
	add(l.Dropped > 0, "%d dropped", l.Dropped)
	return out
}

// servedText is what the host does for others, and who tells it names.
func (t *terminal) servedText(now *condition) {
	if len(now.NATs)+len(now.Leases)+len(now.Resolvers) > 0 {
		fmt.Fprintln(t.output)
	}
	for _, one := range now.NATs {
		fmt.Fprintln(t.output, strings.TrimSpace("nat "+one.Name+" "+strings.Join(one.Subnets, " ")))
		for _, forward := range one.Forwards {
			fmt.Fprintln(t.output, "  forward", forward)
		}
	}
	for _, one := range now.Leases {
		text := fmt.Sprintf("lease %s %s %s on %s", one.Address, one.MAC, one.Name, one.Link)
		if !one.Expires.IsZero() {
			text += " until " + one.Expires.Local().Format(time.DateTime)
		}
		fmt.Fprintln(t.output, text)
	}
	if len(now.Resolvers) > 0 {
		fmt.Fprintln(t.output, "name servers", strings.Join(now.Resolvers, " "))
	}
}

// elementText is an element of a list in words: its options and their values.
func elementText(element any) string {
	options, is := element.(schema.Object)
	if !is {
		return fmt.Sprint(element)
	}
	var words []string
	for _, option := range options {
		words = append(words, fmt.Sprintf("%s %v", option.Key, option.Value))
	}
	return strings.Join(words, " ")
}

// carrierText is since when a link has its carrier, or lacks it.
func carrierText(has bool, carrier *agent.Carrier) string {
	text := "carrier"
	if !has {
		text = "no carrier"
	}
	if carrier.AtLeast {
		text += " at least"
	}
	return text + " since " + carrier.Since.Local().Format(time.DateTime)
}
