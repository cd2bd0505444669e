package route

import (
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// checkMerge refuses an IPv6 route that the kernel would make one route of with somebody else's: routes through
// gateways with the same destination and metric become the next hops of one (fib6_add_rt2node), and neither could be
// removed alone.
func (p *planner) checkMerge(declared *Route, want kernel.Route, have *observed) {
	if want.To.Addr().Is4() || !hasGateway(want) || have != nil {
		return
	}
	for _, other := range p.slots[slotOf(want)] {
		if other.maker == static || !hasGateway(other.left) || len(other.left.NextHops) == 0 {
			continue
		}
		path := "metric"
		if declared.Path != "" {
			path = declared.Path + ".metric"
		}
		p.problems.Add(path,
			"the kernel would make one route of this and of %s, made by %s with the same metric %d: give a metric",
			describe(other.left), makerName(other.left.Protocol), want.Metric)
		return
	}
}

// makerName tells who a route of that protocol belongs to.
func makerName(protocol uint8) string {
	switch protocol {
	case unix.RTPROT_RA:
		return "a router advertisement"
	case unix.RTPROT_DHCP:
		return "a DHCP client"
	}
	return "another program"
}
