package probe

import (
	"fmt"
	"net/netip"
	"time"
)

// Route is one that a DHCP server gave. Via is not valid where the network is on the link itself.
type Route struct {
	To  netip.Prefix
	Via netip.Addr
}

// wishes are the options that every request has.
func (c *Client) wishes() map[byte][]byte {
	options := map[byte][]byte{
		optionParameters: {optionMask, optionRoutes, optionRouter, optionDNS, optionDomain, optionMTU, optionLeaseTime},
	}
	if c.name != "" {
		options[optionHostName] = []byte(c.name)
	}
	return options
}

// Renew asks every server to lengthen the lease, as RFC 2131 has it for a client that is rebinding: the one that gave
// it may be another by now.
func (c *Client) Renew(lease *Lease) (*Lease, error) {
	options := c.wishes()
	options[optionType] = []byte{request}
	got, err := c.exchange(lease.Address.Addr(), options, ack, answerTime)
	if err != nil {
		return nil, fmt.Errorf("the lease of %s was not renewed: %w", lease.Address.Addr(), err)
	}
	return c.lease(got), nil
}

// Remaining is how long the lease is good for, with a bound for servers that give one for ever.
func (l *Lease) Remaining() time.Duration {
	const year = 365 * 24 * time.Hour
	if l.Time <= 0 || l.Time > year {
		return year
	}
	return l.Time
}

// decodeRoutes reads classless static routes (RFC 3442): a length, as many bytes of the network as that takes, a
// router.
func decodeRoutes(data []byte) []Route {
	var routes []Route
	for len(data) > 0 {
		bits := int(data[0])
		octets := (bits + 7) / 8
		const router = 4
		if bits > 32 || len(data) < 1+octets+router {
			return routes
		}
		var network [4]byte
		copy(network[:], data[1:1+octets])
		route := Route{To: netip.PrefixFrom(netip.AddrFrom4(network), bits).Masked()}
		via := netip.AddrFrom4([4]byte(data[1+octets : 1+octets+router]))
		if !via.IsUnspecified() {
			route.Via = via
		}
		routes = append(routes, route)
		data = data[1+octets+router:]
	}
	return routes
}
