package link

import (
	"math"
	"slices"
	"sync"

	"hostnet.linux/internal/schema"
)

// commonRows are the options of every kind of link. The addresses and routes of a link are domains of their own.
var commonRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		plain("up", schema.Bool(), func(l *Link) **bool { return &l.Up },
			"Whether the link is administratively up.").assume(true),
		plain("mtu", schema.Int[uint32](68, math.MaxInt32), func(l *Link) **uint32 { return &l.MTU },
			"The largest packet in bytes, without the Ethernet header. A VLAN or macvlan that declares none "+
				"follows its parent."),
		plain("mac_address", schema.LinkMAC(), func(l *Link) **string { return &l.MAC },
			"The MAC address."),
		setting("accept_ra", schema.Int[int32](0, 2), func(l *Link) **int32 { return &l.AcceptRA },
			"Whether IPv6 router advertisements are taken: 0 never, 1 unless the link forwards, 2 always."),
		setting("proxy_arp", schema.Bool(), func(l *Link) **bool { return &l.ProxyARP },
			"Whether ARP is answered for hosts on other links."),
		setting("rp_filter", schema.Int[int32](0, 2), func(l *Link) **int32 { return &l.RPFilter },
			"Whether packets whose answer would leave elsewhere are dropped: 0 no, 1 strict, 2 loose."),
		setting("forwarding", schema.Bool(), func(l *Link) **bool { return &l.Forwarding },
			"Whether IPv4 and IPv6 packets that arrive here are forwarded."),
	}
})

// setting is an option that lives in /proc/sys/net.
func setting[V any](name string, form schema.Form[V], field func(*Link) **V, text string) option[Link] {
	return plain(name, form, field, text)
}

// parentRow is the link below.
func parentRow(text string) option[Link] {
	return plain("parent", schema.LinkName(), func(l *Link) **string { return &l.Parent }, text)
}

// WithoutTheRest declares an observed link to be without what it does not have, where that can be said.
func (l *Link) WithoutTheRest() {
	for _, row := range kindRows(l.Kind) {
		if row.none != nil && !row.IsSet(l) && (row.applies == nil || row.applies(l) == "") {
			row.none(l)
		}
	}
	if l.Ports == nil {
		return
	}
	ports := slices.Clone(*l.Ports)
	for i := range ports {
		for _, row := range portRows(l.Kind) {
			if row.none != nil && !row.IsSet(&ports[i]) {
				row.none(&ports[i])
			}
		}
	}
	l.Ports = &ports
}

// kindRows are the options of one kind beside the common ones.
func kindRows(kind string) options[Link] {
	switch kind {
	case Bond:
		return bondRows()
	case Bridge:
		return bridgeRows()
	case VLAN:
		return vlanRows()
	case VXLAN:
		return vxlanRows()
	case Veth:
		return vethRows()
	case Macvlan:
		return macvlanRows()
	case VRF:
		return vrfRows()
	}
	return nil
}
