package dnsmasq

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// holder is a client that has a lease.
type holder struct {
	line    string
	address netip.Addr
	mac     string // "" if it is not known
	name    string // "" if it gave none
	id      []byte // for IPv6, its DUID
	// expires is zero for a lease that never ends.
	expires time.Time
}

// parseHolder reads a line of dnsmasq's file: the end of the lease in seconds of Unix time, the MAC address (for IPv6
// an identity association), the address, the name and the client identifier, with * for what there is not
// (lease_update_file in dnsmasq's lease.c). Lines of another kind, such as the server's own DUID, are none.
func parseHolder(line string) (holder, bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 {
		return holder{}, false
	}
	ends, err := strconv.ParseInt(fields[0], 10, 64)
	address, addressErr := netip.ParseAddr(fields[2])
	if err != nil || addressErr != nil || ends < 0 {
		return holder{}, false
	}
	one := holder{line: line, address: address, name: fields[3], id: bytesOf(fields[4])}
	if one.name == "*" {
		one.name = ""
	}
	if ends > 0 {
		one.expires = time.Unix(ends, 0)
	}
	if address.Is4() {
		// Another kind of hardware than Ethernet is written in front, with a dash.
		one.mac, _ = schema.ParseMAC(fields[1])
	} else {
		one.mac = macOfDUID(one.id)
	}
	return one, true
}

// macOfDUID finds the link-layer address in the two kinds of DUID that have one (RFC 8415, 11.2 and 11.4).
func macOfDUID(duid []byte) string {
	const ethernet, macLength = 1, 6
	for kind, length := range map[byte]int{1: 8 + macLength, 3: 4 + macLength} {
		if len(duid) == length && duid[0] == 0 && duid[1] == kind && duid[2] == 0 && duid[3] == ethernet {
			return net.HardwareAddr(duid[length-macLength:]).String()
		}
	}
	return ""
}

// has tells whether the client is the one that the static lease is for. dnsmasq gives a kept address to nobody else
// while a lease of a client with another MAC address holds it, whatever name that client has.
func (l *StaticLease) has(client holder) bool {
	macs := l.macs()
	switch {
	case l.identifies(client.id), client.mac != "" && slices.Contains(macs, client.mac):
		return true
	case client.address.Is6() && client.mac == "" && len(macs) > 0:
		return true // its DUID does not tell, and dnsmasq may know it by its link
	case len(macs) > 0 || l.ClientID != "":
		return false
	}
	name, _, _ := strings.Cut(l.Name, ".")
	theirs, _, _ := strings.Cut(client.name, ".")
	return strings.EqualFold(name, theirs)
}

// title is how the holder is called.
func (h holder) title() string {
	who := h.mac
	if who == "" {
		who = "a client whose MAC address is not known"
	}
	if h.name != "" {
		who = fmt.Sprintf("%s (%s)", h.name, who)
	}
	if h.expires.IsZero() {
		return who + " for ever"
	}
	return who + " until " + h.expires.UTC().Format("2006-01-02 15:04:05 UTC")
}

// conflict is a kept address that another client has.
type conflict struct {
	holder
	path    string
	release bool
}

// conflicts finds the kept addresses that others have, in the order of the static leases.
func (i *Instance) conflicts(s *system.System) ([]conflict, error) {
	if i.Absent() || len(list(i.StaticLeases)) == 0 {
		return nil, nil
	}
	file, err := s.File(LeaseFile(i.Interface))
	if err != nil {
		return nil, err
	}
	clients := map[netip.Addr]holder{}
	now := time.Now()
	for line := range strings.Lines(string(file.Content)) {
		if one, is := parseHolder(line); is && (one.expires.IsZero() || one.expires.After(now)) {
			clients[one.address] = one
		}
	}
	var out []conflict
	for n, lease := range *i.StaticLeases {
		for _, option := range []string{"address", "address6"} {
			client, leased := clients[lease.kept()[option]]
			if leased && !lease.has(client) {
				path := schema.At(i.Path, nil).Key("static_leases").Index(n).Key(option).Path()
				out = append(out, conflict{client, path, isOn(lease.Release)})
			}
		}
	}
	return out, nil
}

// reserve tells of the kept addresses that others have, or takes them back. dnsmasq holds its leases in memory and
// writes the file from there, so it is stopped meanwhile; restart tells that it has to be started again.
func (r *Result) reserve(s *system.System, i *Instance, have *Observed) (restart bool, err error) {
	conflicts, err := i.conflicts(s)
	for _, one := range conflicts {
		if !one.release {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: %s is leased to %s: its own client gets another address for so "+
				"long (set release: true beside it to take it back)",
				one.path, one.address, one.title()))
			continue
		}
		restart = true
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Serve, Action: "release", Object: fmt.Sprintf("%s on %s", one.address, i.Interface),
			Changes: []schema.Change{{Option: "leased_to", Old: one.title()}},
			Run: func() error {
				if err := stop(s, i.Interface); err != nil {
					return err
				}
				return dropLease(s, i.Interface, one.address)
			},
		})
	}
	return restart && have.Active, err
}

// dropLease takes an address's line out of the file.
func dropLease(s *system.System, link string, address netip.Addr) error {
	file, err := s.File(LeaseFile(link))
	if err != nil || !file.Present {
		return err
	}
	var left strings.Builder
	for line := range strings.Lines(string(file.Content)) {
		if one, is := parseHolder(line); !is || one.address != address {
			left.WriteString(line)
		}
	}
	return putLeases(s, file, left.String())
}

// putLeases writes the file with the owner and the mode that dnsmasq gave it.
func putLeases(s *system.System, file system.File, text string) error {
	file.Content = []byte(text)
	return s.Put(file)
}

// Keep notes the leases that the wanted instances take away from their holders, so that Restore gives them back.
func (s *State) Keep(sys *system.System, wanted []*Instance) error {
	for _, instance := range wanted {
		conflicts, err := instance.conflicts(sys)
		if err != nil {
			return err
		}
		for _, one := range conflicts {
			if have := s.instance(instance.Interface); have != nil && one.release {
				have.Released = append(have.Released, one.line)
			}
		}
	}
	return nil
}

// missingLeases are those of the noted ones that are not in the file now.
func (o *Observed) missingLeases(s *system.System) ([]string, system.File, error) {
	file, err := s.File(LeaseFile(o.Interface))
	if err != nil || len(o.Released) == 0 {
		return nil, file, err
	}
	present := map[netip.Addr]bool{}
	for line := range strings.Lines(string(file.Content)) {
		if one, is := parseHolder(line); is {
			present[one.address] = true
		}
	}
	missing := slices.DeleteFunc(slices.Clone(o.Released), func(line string) bool {
		one, is := parseHolder(line)
		return !is || present[one.address]
	})
	return missing, file, nil
}

// giveBack writes leases into the file again. Those of IPv6 stand behind those of IPv4, and dnsmasq takes them in any
// order.
func giveBack(s *system.System, file system.File, lines []string) error {
	text := string(file.Content)
	for _, line := range lines {
		if six, _ := parseHolder(line); six.address.Is4() {
			text = strings.TrimSuffix(line, "\n") + "\n" + text
		} else {
			text += strings.TrimSuffix(line, "\n") + "\n"
		}
	}
	return putLeases(s, file, text)
}
