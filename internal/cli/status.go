package cli

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostnet.linux/internal/agent"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/control"
	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
	"hostnet.linux/internal/topology"
)

// condition is how a host is: what a person wants to know first.
type condition struct {
	Host    string `json:"host"`
	Version string `json:"version"`
	// Backend makes the host as declared at boot.
	Backend string `json:"backend,omitempty"`
	Pending string `json:"pending,omitempty"`
	// Compared is when the host was compared with what is declared, the zero time if it could not be: that takes root, or
	// a watcher that runs.
	Compared   time.Time `json:"compared,omitzero"`
	Objects    int       `json:"objects"`
	Generation int       `json:"generation,omitempty"`
	Drift      []string  `json:"drift"`
	Incomplete []string  `json:"incomplete"`
	// Undeclared is what is no longer declared, and still there.
	Undeclared []string `json:"undeclared,omitempty"`
	// Left is what differs and was taken away so often that the watcher leaves it.
	Left      []string     `json:"left,omitempty"`
	Problems  []string     `json:"problems,omitempty"`
	Session   string       `json:"session,omitempty"`
	Links     []linkStatus `json:"links"`
	NATs      []natStatus  `json:"nats,omitempty"`
	Leases    []lease      `json:"leases,omitempty"`
	Resolvers []string     `json:"name_servers,omitempty"`
}

// linkStatus is a link of the host with what its driver and its bond tell.
type linkStatus struct {
	*topology.Link
	// Session tells that this session's packets leave by the link.
	Session    bool   `json:"session,omitempty"`
	ActivePort string `json:"active_port,omitempty"`
	Partner    string `json:"lacp_partner,omitempty"`
	// Carrier is since when the link has its carrier or none, where the watcher has seen it.
	Carrier *agent.Carrier `json:"carrier,omitempty"`
	// CarrierChanges is how often the link has lost or found its carrier; Errors and Dropped are packets since it is
	// there.
	CarrierChanges uint64 `json:"carrier_changes,omitempty"`
	Errors         uint64 `json:"errors,omitempty"`
	Dropped        uint64 `json:"dropped,omitempty"`
}

// natStatus is a translation with the forwards into it, as declared.
type natStatus struct {
	Name     string   `json:"name"`
	Subnets  []string `json:"subnets,omitempty"`
	Forwards []string `json:"forwards,omitempty"`
}

// lease is an address that dnsmasq has given away.
type lease struct {
	Link    string `json:"link"`
	Address string `json:"address"`
	MAC     string `json:"mac_address"`
	Name    string `json:"name,omitempty"`
	// Expires is zero for a lease that does not end.
	Expires time.Time `json:"expires,omitzero"`
}

// statusInterval is how often --watch looks anew.
const statusInterval = 2 * time.Second

func status(t *terminal) error {
	for {
		now, err := t.lookAround()
		if err != nil {
			return err
		}
		if t.follow && t.colour {
			fmt.Fprint(t.output, "\x1b[H\x1b[2J")
		}
		if t.json {
			err = t.printJSON(now)
		} else {
			err = t.condition(now)
		}
		if err != nil || !t.follow {
			return err
		}
		time.Sleep(statusInterval)
	}
}

// lookAround reads how the host is, as far as the user may.
func (t *terminal) lookAround() (*condition, error) {
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return nil, err
	}
	defer done()
	name, _ := os.Hostname()
	now := &condition{Host: name, Version: backend.Version, Pending: pending(site), Drift: []string{},
		Incomplete: []string{}}
	now.compare(site)
	if networkd, err := backend.UsesNetworkd(site.Services.System); err == nil && networkd {
		now.Backend = "systemd-networkd"
	} else if unit, err := site.Services.System.Unit(backend.Unit); err == nil && unit.Enabled {
		now.Backend = backend.Unit
	}
	if connection, ok := control.Find(); ok {
		now.Session, _ = site.Towards(connection.Controller)
	}
	wired, warnings, err := task.Topology("")
	if err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		now.Problems = append(now.Problems, warnings...)
	}
	links, err := matching(wired.Root().Links, t.arguments)
	if err != nil {
		return nil, err
	}
	carriers := agent.LoadState(site.Services.System).Carriers
	for _, link := range links {
		one := statusOf(link, now.Session)
		// What has changed since the watcher looked is not known to it.
		if seen, known := carriers[link.Name]; known && seen.Index == link.Index && seen.Changes == one.CarrierChanges {
			one.Carrier = &seen
		}
		now.Links = append(now.Links, one)
	}
	now.served(site.Services.System)
	now.Resolvers = nameServers(site.Services.System)
	return now, nil
}

// compare finds what differs from what is declared, or takes what the watcher has found.
func (c *condition) compare(site *services.Site) {
	state := agent.LoadState(site.Services.System)
	left := state.Left
	if os.Geteuid() == 0 {
		found, err := agent.Look(task.NewWatch(), &agent.Agent{Site: site})
		if err != nil {
			c.Problems = append(c.Problems, err.Error())
			return
		}
		state = found
	}
	c.Compared, c.Objects, c.Generation = state.Looked, state.Objects, state.Generation
	c.Drift = append(c.Drift, state.Drift...)
	c.Incomplete = append(c.Incomplete, state.Incomplete...)
	c.Undeclared = append(c.Undeclared, state.Undeclared...)
	for _, object := range c.Drift {
		if slices.ContainsFunc(left, func(step string) bool { return strings.HasSuffix(step, " "+object) }) {
			c.Left = append(c.Left, object)
		}
	}
}

// matching are the links with those names or patterns, all if there are none.
func matching(links []*topology.Link, patterns []string) ([]*topology.Link, error) {
	if len(patterns) == 0 {
		return links, nil
	}
	wanted := map[*topology.Link]bool{}
	var known []string
	for _, link := range links {
		known = append(known, link.Name)
	}
	for _, pattern := range patterns {
		found := false
		for _, link := range links {
			is, err := path.Match(pattern, link.Name)
			if err != nil {
				return nil, fmt.Errorf("%q is no pattern: *, ? and [a-z] stand for other letters", pattern)
			}
			found = found || is
			wanted[link] = wanted[link] || is
		}
		if !found {
			return nil, fmt.Errorf("no link is called %s (there are: %s)", pattern, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(links), func(link *topology.Link) bool { return !wanted[link] }), nil
}

// statusOf adds what sysfs tells of a link (Documentation/ABI/testing/sysfs-class-net in the kernel's source).
func statusOf(link *topology.Link, session string) linkStatus {
	folder := path.Join("/sys/class/net", link.Name)
	count := func(names ...string) (sum uint64) {
		for _, name := range names {
			n, _ := strconv.ParseUint(word(path.Join(folder, name)), 10, 64)
			sum += n
		}
		return sum
	}
	out := linkStatus{Link: link, Session: link.Name == session}
	if word(path.Join(folder, "ifindex")) != strconv.Itoa(link.Index) {
		// This sysfs is of another network namespace.
		return out
	}
	out.CarrierChanges = count("carrier_changes")
	out.Errors = count("statistics/rx_errors", "statistics/tx_errors")
	out.Dropped = count("statistics/rx_dropped", "statistics/tx_dropped")
	if link.Kind == "bond" {
		out.ActivePort = word(path.Join(folder, "bonding/active_slave"))
		if partner := word(path.Join(folder, "bonding/ad_partner_mac")); partner != "00:00:00:00:00:00" {
			out.Partner = partner
		}
	}
	return out
}

// word is a value of sysfs, "" if there is none.
func word(file string) string {
	text, _ := os.ReadFile(file)
	return strings.TrimSpace(string(text))
}

// served is what the host does for others: translations, forwards and leases.
func (c *condition) served(files *system.System) {
	kept, err := store.Load(files)
	if err != nil {
		return // an ordinary user may not read it
	}
	for _, object := range kept.Set.Objects {
		switch object.Kind.Key {
		case "nats":
			c.NATs = append(c.NATs, natStatus{
				Name: object.Identity(), Subnets: inWords(object, "subnets"), Forwards: inWords(object, "port_forwards"),
			})
		case "dnsmasqs":
			link, _ := object.Options.Get("interface").(string)
			c.Leases = append(c.Leases, leasesOf(files, link)...)
		case "lxc_bridges":
			c.NATs = append(c.NATs, natStatus{Name: object.Identity(), Forwards: inWords(object, "port_forwards")})
			c.Leases = append(c.Leases, leasesOf(files, object.Identity())...)
		}
	}
}

// inWords are the elements of a list.
func inWords(object *spec.Object, option string) []string {
	list, _ := object.Options.Get(option).([]any)
	var out []string
	for _, element := range list {
		out = append(out, elementText(element))
	}
	return out
}

// leasesOf reads dnsmasq's file of leases: expiry, MAC address, address, name and client identifier a line.
func leasesOf(files *system.System, link string) []lease {
	file, err := files.File(dnsmasq.LeaseFile(link))
	if err != nil {
		return nil
	}
	var out []lease
	for line := range strings.Lines(string(file.Content)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] == "duid" {
			continue
		}
		one := lease{Link: link, MAC: fields[1], Address: fields[2], Name: strings.TrimPrefix(fields[3], "*")}
		if end, err := strconv.ParseInt(fields[0], 10, 64); err == nil && end > 0 {
			one.Expires = time.Unix(end, 0)
		}
		out = append(out, one)
	}
	return out
}

// nameServers are those that this host asks (resolv.conf(5)).
func nameServers(files *system.System) []string {
	file, err := files.File("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(file.Content)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "nameserver" {
			out = append(out, fields[1])
		}
	}
	return out
}
