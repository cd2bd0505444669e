package lxcbridge

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/schema"
)

// ForwardCheck is what came of a connection from the outside to a port forward.
type ForwardCheck struct {
	Forward nft.PortForward
	// Alive tells that the host itself reaches the container there; else nothing can be said of the forward.
	Alive   bool
	Reached bool
}

// Export is the check as the module returns it.
func (c ForwardCheck) Export() schema.Object {
	out := schema.Object{}
	out.Set("forward", c.Forward.What())
	out.Set("to", c.Forward.To.String())
	out.Set("container_answers", c.Alive)
	out.Set("reached", c.Reached)
	return out
}

// Warning says that a container which answers is not reached from the outside; "" where that is not so.
func (c ForwardCheck) Warning() string {
	if !c.Alive || c.Reached {
		return ""
	}
	return fmt.Sprintf("the forward of %s: a connection from a throw-away namespace does not reach %s, though the host "+
		"itself does: is it dropped by another firewall?",
		c.Forward.What(), c.Forward.FirstTarget())
}

const (
	// nearLimit is for a container on this host, farLimit for the way through the host.
	nearLimit = 500 * time.Millisecond
	farLimit  = 1500 * time.Millisecond
)

// ProveForwards opens one connection to each port forward whose container answers, from a namespace outside of the host
// that is gone afterwards. It never fails a task: a container may be there later, and may turn down whom it likes.
func (b *Bridge) ProveForwards(k Kernel, open Open) ([]ForwardCheck, error) {
	checks := b.forwardChecks()
	if len(checks) == 0 {
		return nil, nil
	}
	near := make([]probe.Target, len(checks))
	for i, check := range checks {
		near[i] = probe.Target{Protocol: check.Forward.EffectiveProtocol(), Address: check.Forward.FirstTarget()}
	}
	alive := false
	for i, answers := range probe.Reach(near, nearLimit) {
		checks[i].Alive = answers
		alive = alive || answers
	}
	if !alive {
		return checks, nil
	}
	routes, err := k.RoutesWithin(kernel.RouteScope{Into: []netip.Prefix{testNetworks}})
	if err != nil {
		return checks, err
	}
	return checks, b.fromOutside(k, open, routes, checks)
}

// forwardChecks are for the forwards that can be tried: whole addresses have no port of which to tell that it answers,
// and a source would have to be taken from whoever has it.
func (b *Bridge) forwardChecks() []ForwardCheck {
	if b.NAT.PortForwards == nil {
		return nil
	}
	var checks []ForwardCheck
	for _, forward := range *b.NAT.PortForwards {
		if protocol := forward.EffectiveProtocol(); forward.FirstTarget().Port() != 0 && !forward.Source.IsValid() &&
			(protocol == "tcp" || protocol == "udp") {
			checks = append(checks, ForwardCheck{Forward: forward})
		}
	}
	return checks
}

// testNetworks are addresses for tests alone (RFC 2544).
var testNetworks = netip.MustParsePrefix("198.18.0.0/16")

// outsideNetworks are those of the host and of the namespace outside, of the address ranges for tests (RFC 2544) and of
// unique local addresses.
func outsideNetworks(routes []kernel.Route) (v4, v6 netip.Prefix, found bool) {
	for i := range 256 {
		v4 = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(i), 1}), 30)
		free := true
		for _, route := range routes {
			free = free && (route.To.Bits() <= 0 || !route.To.Overlaps(v4))
		}
		if free {
			return v4, netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfd, 0x68, 0x6e, 13: byte(i), 15: 1}), 126), true
		}
	}
	return v4, v6, false
}

// fromOutside tries the forwards whose containers answer.
func (b *Bridge) fromOutside(k Kernel, open Open, routes []kernel.Route, checks []ForwardCheck) error {
	v4, v6, found := outsideNetworks(routes)
	if !found {
		return nil
	}
	namespace, err := newNamespace()
	if err != nil {
		return err
	}
	defer namespace.end()
	outer := fmt.Sprintf("hn%do", os.Getpid())
	if err := k.CreateLink(kernel.LinkRequest{Name: outer, Kind: "veth",
		Peer: &kernel.Peer{Name: inside, Namespace: namespace.path}}); err != nil {
		return fmt.Errorf("cannot attach a throw-away namespace to the host: %w", err)
	}
	defer func() { _ = k.DeleteLink(outer) }()
	networks := []netip.Prefix{v4}
	if b.Address6 != nil {
		networks = append(networks, v6)
	}
	if err := attach(k, outer, networks, false); err != nil {
		return err
	}
	return namespace.run(func() error {
		inner, done, err := open()
		if err != nil {
			return err
		}
		defer done()
		if err := attach(inner, inside, networks, true); err != nil {
			return err
		}
		var targets []probe.Target
		var which []int
		for i, check := range checks {
			if !check.Alive {
				continue
			}
			public := v4.Addr()
			if check.Forward.To.Is6() {
				public = v6.Addr()
			}
			if addresses := check.Forward.Address; addresses != nil && len(*addresses) > 0 {
				public = (*addresses)[0]
			}
			targets = append(targets, probe.Target{Protocol: check.Forward.EffectiveProtocol(),
				Address: netip.AddrPortFrom(public, check.Forward.Port.First)})
			which = append(which, i)
		}
		for i, reached := range probe.Reach(targets, farLimit) {
			checks[which[i]].Reached = reached
		}
		return nil
	})
}

// attach sets a link up with the host's address in each network, or with its neighbour's and a route by the host.
func attach(k Kernel, link string, networks []netip.Prefix, neighbour bool) error {
	up := true
	if err := k.ChangeLink(link, kernel.LinkRequest{Up: &up}); err != nil {
		return fmt.Errorf("cannot set %s up: %w", link, err)
	}
	const forever = 1<<32 - 1
	for _, network := range networks {
		own := network
		if neighbour {
			own = netip.PrefixFrom(network.Addr().Next(), network.Bits())
		}
		address := kernel.Address{Link: link, Prefix: own, ValidLifetime: forever, PreferredLifetime: forever}
		if network.Addr().Is6() {
			address.Flags = unix.IFA_F_NODAD
		}
		if err := k.AddAddress(address); err != nil {
			return err
		}
		if !neighbour {
			continue
		}
		err := k.AddRoute(kernel.Route{
			To: netip.PrefixFrom(map[bool]netip.Addr{false: netip.IPv4Unspecified(),
				true: netip.IPv6Unspecified()}[network.Addr().Is6()], 0),
			Table: tableMain, Type: typeUnicast, Protocol: unix.RTPROT_STATIC,
			NextHops: []kernel.NextHop{{Via: network.Addr(), Link: link, Weight: 1}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
