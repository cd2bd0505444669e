// Package networkd writes what is declared in systemd-networkd's words.
package networkd

import (
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Folder is where the files are, and Prefix sorts them before those of others: the first that matches a link counts.
const (
	Folder = "/etc/systemd/network/"
	Prefix = "0-hostnet-"
)

const header = "# Kept by the Ansible collection hostnet.linux, from what is declared in /etc/hostnet.\n"

// loopback carries what belongs to no link.
const loopback = "lo"

type writer struct {
	problems *schema.Problems
	// mac is the MAC address that a link has now, "" if it is not there.
	mac func(link string) string
	// networks and netdevs are the files by the names of the links.
	networks, netdevs map[string]*file
	// order is that of the declaration.
	order []string
	// subnets are the networks of the declared addresses, with their links.
	subnets []subnet
}

// plainName is what networkd takes for a name: * and its like make a pattern, a first ! turns it round, blanks part
// names (Name= in systemd.network(5)), and nothing keeps them from that.
var plainName = pattern.Of(`^[A-Za-z0-9_.@+=-]+$`)

// isLine tells whether a value stays on its line: a backslash at its end would take in the next one
// (systemd.syntax(7)).
func isLine(text string) bool {
	return !strings.ContainsAny(text, "\n\r\x00") && !strings.HasSuffix(text, `\`) && strings.TrimSpace(text) == text
}

type subnet struct {
	prefix netip.Prefix
	link   string
}

// Files are the files that say what the state declares. What cannot be said is noted among the problems.
func Files(state *host.State, mac func(string) string, problems *schema.Problems) []system.File {
	w := &writer{problems: problems, mac: mac, networks: map[string]*file{}, netdevs: map[string]*file{}}
	links, routes, rules := state.Written()
	for i := range links {
		// What is taken away by an empty string is not written.
		links[i].Options = slices.DeleteFunc(links[i].Options, func(entry schema.Entry) bool { return entry.Value == "" })
	}
	for _, one := range links {
		w.link(one)
	}
	for _, one := range links {
		w.joins(one)
	}
	for _, one := range routes {
		w.route(one)
	}
	for _, one := range rules {
		w.rule(one)
	}
	var out []system.File
	for _, name := range w.order {
		if netdev := w.netdevs[name]; netdev != nil {
			out = append(out, system.Text(Folder+Prefix+name+".netdev", netdev.text()))
		}
		if network := w.networks[name]; network != nil {
			out = append(out, system.Text(Folder+Prefix+name+".network", network.text()))
		}
	}
	return out
}

// network is the .network file of a link.
func (w *writer) network(name string) *file {
	if w.networks[name] == nil {
		if !plainName().MatchString(name) {
			w.problems.Add("persist",
				"systemd-networkd has no way to write the name %q, which it would take for a pattern or for several: "+
					"rename the link, or use `persist: true`", name)
		}
		w.networks[name] = &file{}
		w.networks[name].section("Match").set("Name", name)
		// networkd would take it away from ports.
		w.networks[name].section("Network").set("LinkLocalAddressing", "ipv6")
		if !slices.Contains(w.order, name) {
			w.order = append(w.order, name)
		}
	}
	return w.networks[name]
}

// writeDirectives writes the options of one object by the words for them.
func (w *writer) writeDirectives(section *section, options schema.Object, words dictionary, path string) {
	at := schema.At(path, w.problems)
	for _, option := range options {
		saying, known := words[option.Key]
		if known && saying.key == "" {
			continue
		}
		text, ok := "", false
		if known {
			text, ok = saying.value(option.Value)
			ok = ok && isLine(text)
		}
		if !ok {
			at.Key(option.Key).Problem("systemd-networkd has no setting for %v: leave it out, or use `persist: true`",
				option.Value)
			continue
		}
		section.set(saying.key, text)
	}
}
