package nft

import (
	"fmt"
	"net/netip"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
)

// probe is a packet that the object's users send, and what it is for.
type probe struct {
	packet nftables.Packet
	what   string
}

// probes are one packet for each thing that a firewall of others could break. An accept in our table does not overrule
// a drop in theirs: every base chain of a hook has to let a packet through (nft(8), "accept").
func (n *NAT) probes() []probe {
	if n.Interface == "" {
		return nil
	}
	sources := map[bool]netip.Addr{}
	for _, subnet := range list(n.Subnets) {
		sources[subnet.Addr().Is6()] = subnet.Addr().Next().Next()
	}
	if len(sources) == 0 {
		sources[false] = anyIPv4
	}
	source4, has4 := sources[false]
	source6, has6 := sources[true]
	var out []probe
	input := func(what, protocol string, port uint16, source netip.Addr) {
		packet := nftables.Packet{Hook: "input", From: n.Interface, Source: source, Protocol: protocol, Port: port}
		out = append(out, probe{packet, what})
	}
	for _, service := range list(n.Services) {
		switch {
		case service == "dhcp" && has4:
			input("DHCP", "udp", 67, source4)
		case service == "dns" && has4:
			input("DNS", "udp", 53, source4)
		case service == "dhcp6" && has6:
			input("DHCPv6", "udp", 547, source6)
		}
	}
	for _, source := range sources {
		to := ""
		if ways := list(n.OutInterface); len(ways) == 1 {
			to = ways[0]
		}
		out = append(out, probe{
			nftables.Packet{Hook: "forward", From: n.Interface, To: to, Source: source, Protocol: "tcp"},
			"traffic to the outside",
		})
	}
	return out
}

// warnings name the chains of others in which the object's packets end, and what to do about it.
func (n *NAT) warnings(foreign []*nftables.Table) []string {
	if n.Firewall == "ignore" {
		return nil
	}
	var warnings []string
	told := map[string]bool{}
	for _, probe := range n.probes() {
		for _, blocker := range nftables.Blocked(foreign, probe.packet) {
			if n.handled(blocker, foreign, probe.packet.Hook) || told[blocker.String()+probe.what] {
				continue
			}
			told[blocker.String()+probe.what] = true
			warnings = append(warnings, fmt.Sprintf("%s from %s is dropped by %s%s",
				probe.what, n.Interface, blocker, n.advice(blocker, foreign, probe)))
		}
	}
	return warnings
}

// handled tells whether firewalld, or rules of ours in Docker's chain, will let the packets through.
func (n *NAT) handled(blocker nftables.Blocker, foreign []*nftables.Table, hook string) bool {
	if n.Trusted && blocker.Table == firewalldTable {
		return true
	}
	if hook != "forward" {
		return false
	}
	for _, guest := range n.guests(foreign) {
		if guest.Family == blocker.Family && blocker.Table == dockerTable {
			return true
		}
	}
	return false
}

func (n *NAT) advice(blocker nftables.Blocker, foreign []*nftables.Table, probe probe) string {
	bridge, port := n.Interface, probe.packet.Port
	switch {
	case isUFW(blocker, foreign) && probe.packet.Hook == "forward":
		return fmt.Sprintf(" (ufw): run `ufw route allow in on %s`", bridge)
	case isUFW(blocker, foreign):
		return fmt.Sprintf(" (ufw): run `ufw allow in on %s to any port %d proto %s`", bridge, port, probe.packet.Protocol)
	case blocker.Table == firewalldTable:
		return fmt.Sprintf(" (firewalld): run `firewall-cmd --zone=trusted --add-interface=%s`, and once more with --permanent", bridge)
	case probe.packet.Hook == "forward":
		return fmt.Sprintf(": let it through with `nft insert rule %s %s %s iifname %q accept` and the same with oifname, where that firewall keeps its rules",
			blocker.Family, blocker.Table, blocker.Chain, bridge)
	}
	return fmt.Sprintf(": let it through with `nft insert rule %s %s %s iifname %q %s dport %d accept`, where that firewall keeps its rules",
		blocker.Family, blocker.Table, blocker.Chain, bridge, probe.packet.Protocol, port)
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
