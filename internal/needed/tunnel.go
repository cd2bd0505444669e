package needed

import (
	"fmt"
	"slices"
	"strings"
)

// headers are the bytes around an instance's packet over IPv4: IP, UDP, geneve with the 8 bytes of options that OVN
// needs (Neutron's max_header_size of 38 counts all but IP) or VXLAN, and the instance's own Ethernet.
var headers = map[string]uint32{"geneve": 58, "vxlan": 50}

// ipv6Header is how much longer the header of IPv6 is.
const ipv6Header = 20

// room warns when the link that a tunnel's address is on carries less than an instance's packet of 1500 bytes and its
// headers.
func (t tunnels) room(links Links) string {
	there := links[t.link]
	if there == nil {
		return ""
	}
	header := headers[t.kind]
	if len(there.addresses) > 0 &&
		!slices.ContainsFunc(there.addresses, func(address string) bool { return !strings.Contains(address, ":") }) {
		header += ipv6Header
	}
	var narrow, small []string
	least := ethernet + header
	for _, way := range links.below(t.link, 0) {
		path, less := links.narrow(way, ethernet+header)
		if len(less) > 0 {
			narrow = append(narrow, path)
		}
		for _, name := range less {
			least = min(least, links.mtuOf(name, 0))
			if !slices.Contains(small, name) {
				small = append(small, name)
			}
		}
	}
	if len(narrow) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s: %s takes %d bytes of each packet for its headers, which leaves %d to instances: for %d "+
		"give %s an mtu of %d, or "+
		"write container_mtu: %d if that is meant", t.at.Path(), strings.Join(narrow, " and "), t.kind, header,
		least-min(least, header), ethernet,
		strings.Join(small, ", "), ethernet+header, least)
}
