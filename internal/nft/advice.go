package nft

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
)

// advice is what the operator can do about a chain that drops the packet: the command of whoever keeps its rules.
func (n *NAT) advice(blocker nftables.Blocker, f *firewall, probe probe) string {
	switch {
	case slices.ContainsFunc(f.own, func(t *nftables.Table) bool {
		return t.Family == blocker.Family &&
			t.Name == blocker.Table
	}):
		return n.ownAdvice(blocker, probe)
	case isUFW(blocker, f.foreign):
		return " (ufw): run `" + n.ufwCommand(probe) + "`"
	case blocker.Table == firewalldTable && probe.forward != nil:
		return fmt.Sprintf(" (firewalld): run `firewall-cmd --permanent --new-policy=%[1]s`, `firewall-cmd --permanent "+
			"--policy=%[1]s --add-ingress-zone=ANY "+
			"--add-egress-zone=trusted --set-target=ACCEPT` and `firewall-cmd --reload`", "to-"+n.Interface)
	case blocker.Table == firewalldTable:
		return fmt.Sprintf(
			" (firewalld): run `firewall-cmd --zone=trusted --add-interface=%s`, and once more with --permanent", n.Interface)
	case blocker.Legacy, isIPTables(blocker):
		return ": let it through with `" + n.iptablesCommand(blocker, probe) + "`" + n.bothWays(probe, "the same with -o") +
			", where that firewall keeps its rules"
	}
	return fmt.Sprintf(": let it through with `nft insert rule %s %s %s %s accept`%s, where that firewall keeps its rules",
		blocker.Family, blocker.Table, blocker.Base, n.nftMatch(blocker.Family, probe),
		n.bothWays(probe, "the same with oifname"))
}

// bothWays reminds of the answers, where the rule is about one direction of what goes both.
func (n *NAT) bothWays(probe probe, text string) string {
	if probe.packet.Hook == "forward" && probe.forward == nil {
		return " and " + text
	}
	return ""
}

// ownAdvice is about a table of ours: only isolation drops something.
func (n *NAT) ownAdvice(blocker nftables.Blocker, probe probe) string {
	way := probe.packet.To
	if probe.forward != nil {
		way = probe.packet.From
	}
	if blocker.Table == TableName(n.Name) {
		return fmt.Sprintf(
			": isolated drops this, as the way out is the bridge %[1]s: set out_interface: [%[1]s], which stays open", way.Name)
	}
	return fmt.Sprintf(": %s is isolated: name %s in its out_interface", strings.TrimPrefix(blocker.Table, prefix),
		n.Interface)
}

func (n *NAT) ufwCommand(probe probe) string {
	packet := probe.packet
	switch {
	case packet.Hook == "input":
		return fmt.Sprintf("ufw allow in on %s to any port %d proto %s", n.Interface, packet.Port, packet.Protocol)
	case probe.forward == nil:
		return "ufw route allow in on " + n.Interface
	}
	command := fmt.Sprintf("ufw route allow out on %s to %s", n.Interface, probe.forward.To)
	if first, last := probe.forward.targets(); first != 0 {
		port := fmt.Sprint(first)
		if last != first {
			port = fmt.Sprintf("%d:%d", first, last)
		}
		command += " port " + port
	}
	// ufw knows no other protocol with ports.
	if packet.Protocol == "tcp" || packet.Protocol == "udp" {
		command += " proto " + packet.Protocol
	}
	return command
}

// targets are the first and last port inside that the forward leads to, 0 if to every one.
func (f PortForward) targets() (first, last uint16) {
	if !f.hasPort() {
		return 0, 0
	}
	return f.target(f.Port.First), f.target(f.Port.Last)
}

func (n *NAT) nftMatch(family nftables.Family, probe probe) string {
	packet := probe.packet
	if probe.forward == nil {
		match := fmt.Sprintf("iifname %q", n.Interface)
		if packet.Hook == "input" {
			match += fmt.Sprintf(" %s dport %d", packet.Protocol, packet.Port)
		}
		return match
	}
	version := "ip"
	if probe.forward.To.Is6() {
		version = "ip6"
	}
	match := fmt.Sprintf("oifname %q %s daddr %s", n.Interface, version, probe.forward.To)
	first, last := probe.forward.targets()
	switch {
	case first != 0 && first != last:
		return fmt.Sprintf("%s %s dport %d-%d", match, packet.Protocol, first, last)
	case first != 0:
		return fmt.Sprintf("%s %s dport %d", match, packet.Protocol, first)
	case packet.Protocol != "":
		return fmt.Sprintf("%s meta l4proto %s", match, packet.Protocol)
	}
	return match
}

// isIPTables tells whether the table is one that iptables-nft makes, which is to be changed with iptables alone.
func isIPTables(blocker nftables.Blocker) bool {
	return blocker.Table == "filter" && blocker.Family != nftables.INet &&
		(blocker.Base == "INPUT" || blocker.Base == "FORWARD")
}

func (n *NAT) iptablesCommand(blocker nftables.Blocker, probe probe) string {
	program := map[nftables.Family]string{nftables.IPv4: "iptables", nftables.IPv6: "ip6tables"}[blocker.Family]
	if blocker.Legacy {
		program += "-legacy"
	}
	command := fmt.Sprintf("%s -I %s", program, blocker.Base)
	packet := probe.packet
	if probe.forward == nil {
		command += " -i " + n.Interface
	} else {
		command += fmt.Sprintf(" -o %s -d %s", n.Interface, probe.forward.To)
	}
	if packet.Protocol != "" && packet.Port != 0 {
		port := fmt.Sprint(packet.Port)
		if probe.forward != nil {
			if first, last := probe.forward.targets(); last != first {
				port = fmt.Sprintf("%d:%d", first, last)
			}
		}
		command += fmt.Sprintf(" -p %s --dport %s", packet.Protocol, port)
	} else if packet.Protocol != "" && probe.forward != nil {
		command += " -p " + packet.Protocol
	}
	return command + " -j ACCEPT"
}

// firewalldTable is firewalld's own with its nftables backend.
const firewalldTable = "firewalld"

// isUFW tells whether the chain belongs to ufw, whose rules are in the tables of iptables.
func isUFW(blocker nftables.Blocker, foreign []*nftables.Table) bool {
	for _, table := range foreign {
		if table.Family != blocker.Family || table.Name != blocker.Table {
			continue
		}
		for _, chain := range table.Chains {
			if strings.HasPrefix(chain.Name, "ufw-") || strings.HasPrefix(chain.Name, "ufw6-") {
				return true
			}
		}
	}
	return false
}
