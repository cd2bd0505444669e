package dhcp

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/system"
)

// LeaveRouters takes away what the kernel has learnt of IPv6 from the routers of the wire that an interface was on, and
// asks those of the one that it is on now: the kernel does neither as long as the link is up (addrconf_notify in
// net/ipv6/addrconf.c). Where software inside listens to routers instead of the kernel, that is left to it. The calling
// thread and k are in the container's network.
func LeaveRouters(k Kernel, link kernel.Link) error {
	accepts, err := system.Read("/proc/sys/net/ipv6/conf/"+link.Name+"/accept_ra", 1<<10)
	if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(accepts)) == "0" {
		return nil // no IPv6, or none of the kernel's business
	}
	if err != nil {
		return err
	}
	addresses, err := k.Addresses()
	if err != nil {
		return err
	}
	routes, err := k.Routes()
	if err != nil {
		return err
	}
	var declared []netip.Prefix
	var failed []error
	for _, one := range addresses {
		switch {
		case one.Link != link.Name || !one.Prefix.Addr().Is6():
		case isLearnt(one):
			failed = append(failed, k.DeleteAddress(one, false))
		default:
			declared = append(declared, one.Prefix.Masked())
		}
	}
	for _, one := range routes {
		if !isOfRouters(one, link.Name, declared) {
			continue
		}
		if err := k.DeleteRoute(one); !errors.Is(err, unix.ESRCH) {
			failed = append(failed, err)
		}
	}
	return errors.Join(append(failed, askRouters(link))...)
}

// askRouters asks for advertisements.
func askRouters(link kernel.Link) error {
	hardware, err := net.ParseMAC(link.Address)
	if err != nil {
		return fmt.Errorf("%s: %w", link.Name, err)
	}
	return probe.SolicitRouters(link.Index, hardware)
}

// isLearnt tells whether the kernel has made the address of a router's prefix, or a temporary one beside it.
func isLearnt(address kernel.Address) bool {
	const prefixOfRouter = 2 // IFAPROT_KERNEL_RA in linux/if_addr.h, since Linux 5.18
	return address.Flags&unix.IFA_F_PERMANENT == 0 && (address.Protocol == prefixOfRouter ||
		address.Flags&(unix.IFA_F_MANAGETEMPADDR|unix.IFA_F_TEMPORARY) != 0)
}

// isOfRouters tells whether a route is one by a router, or to a network that only a router has told of.
func isOfRouters(route kernel.Route, link string, declared []netip.Prefix) bool {
	to := route.To.Addr()
	if !to.Is6() || route.Table != unix.RT_TABLE_MAIN || len(route.NextHops) != 1 || route.NextHops[0].Link != link {
		return false
	}
	return route.Protocol == unix.RTPROT_RA || route.Protocol == unix.RTPROT_KERNEL &&
		!slices.Contains(declared, route.To) && !to.IsLinkLocalUnicast() && !to.IsMulticast()
}
