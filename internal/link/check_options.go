package link

import (
	"hostnet.linux/internal/schema"
)

// CheckOptions finds options that contradict each other, whatever the host is like.
func CheckOptions(l *Link, at schema.Place) {
	if l.Absent() {
		return
	}
	switch l.Kind {
	case Bond:
		checkBond(l, at)
	case Bridge:
		checkBridge(l, at)
	case VRF:
		// vrf_setup in drivers/net/vrf.c
		if l.MTU != nil && *l.MTU < leastIPv6 {
			at.Key("mtu").Problem("must be 1280 at least for a VRF")
		}
	case VXLAN:
		checkVXLAN(l, at)
	case Macvlan:
		if l.Macvlan.SourceMACs != nil && sourceMode(l) != "" {
			at.Key("source_macs").Problem("%s", sourceMode(l))
		}
	}
	if l.Parent != nil && *l.Parent == l.Name {
		at.Key("parent").Problem("%s cannot stand on itself", l.Name)
	}
	if l.Peer != nil && *l.Peer == l.Name && l.PeerNS == nil {
		at.Key("peer").Problem("the two ends of a pair need different names")
	}
}

func checkBond(l *Link, at schema.Place) {
	if deref(l.Bond.Miimon) > 0 && deref(l.Bond.ARPInterval) > 0 {
		at.Key("arp_interval").Problem("cannot be used together with miimon, which is %d: set miimon to 0", *l.Bond.Miimon)
	}
	if l.Bond.Mode == nil {
		return
	}
	for _, row := range bondRows() {
		// Whether a delay applies depends on the miimon that the bond has.
		if row.applies == nil || !row.IsSet(l) || isDelay(row.Name) {
			continue
		}
		if reason := row.applies(l); reason != "" {
			at.Key(row.Name).Problem("%s", reason)
		}
	}
}

// checkBridge knows what the kernel takes while it runs the spanning tree protocol (br_set_forward_delay in
// net/bridge/br_stp.c).
func checkBridge(l *Link, at schema.Place) {
	if deref(l.Bridge.STP) && l.Bridge.delaysOddly() {
		at.Key("forward_delay").Problem("must be from 2 to 30 seconds with stp")
	}
}

// delaysOddly tells of a delay that the kernel refuses while the protocol runs (BR_MIN_FORWARD_DELAY and
// BR_MAX_FORWARD_DELAY in net/bridge/br_private_stp.h).
func (b *BridgeOptions) delaysOddly() bool {
	const shortest, longest = 200, 3000
	return b.ForwardDelay != nil && (*b.ForwardDelay < shortest || *b.ForwardDelay > longest)
}

func checkVXLAN(l *Link, at schema.Place) {
	if isSet(l.VXLAN.Remote) && isSet(l.VXLAN.Group) {
		at.Key("group").Problem("cannot be used together with remote")
	}
	if l.VXLAN.Local != nil && l.VXLAN.Local.IsMulticast() {
		at.Key("local").Problem("%s is a multicast address: the local end is one of this host's own", l.VXLAN.Local)
	}
	if far := l.VXLAN.farEnd(); isSet(far) && isSet(l.VXLAN.Local) && far.Is4() != l.VXLAN.Local.Is4() {
		at.Key("local").Problem("%s and %s are of different families", l.VXLAN.Local, far)
	}
}
