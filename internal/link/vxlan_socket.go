package link

// hearing is what the kernel goes by when it looks for the socket of a VXLAN: one has all those with the same port that
// agree in it (VXLAN_F_RCV_FLAGS in net/vxlan.h).
type hearing struct{ external, gbp, gpe, vnifilter, remcsumRX, zeroCsum6RX, overIPv6 bool }

func (v *VXLANOptions) hearing() hearing {
	return hearing{deref(v.External), deref(v.GBP), deref(v.GPE), deref(v.VNIFilter), deref(v.RemCsumRX),
		deref(v.UDPZeroCsum6RX), v.overIPv6()}
}

// port is the one that the VXLAN listens on (vxlan_config_validate).
func (v *VXLANOptions) port() uint16 {
	const usual, ofGPE = 8472, 4790
	switch {
	case v.DstPort != nil:
		return *v.DstPort
	case deref(v.GPE):
		return ofGPE
	}
	return usual
}

// checkSocket finds VXLANs that would need two sockets for one port, so that the kernel would not bring both up.
func (p *planner) checkSocket(want, final *Link) {
	if final.Up != nil && !*final.Up {
		return
	}
	if p.listening == nil {
		p.listening = p.listen()
	}
	own := final.VXLAN.hearing()
	for other, name := range p.listening[final.VXLAN.port()] {
		option := own.differs(other)
		if option == "" {
			continue
		}
		p.problem(want, "dst_port", "%s listens on port %d as well, and differs in %s: give one of them another port, or both "+
			"the same %[3]s", name, final.VXLAN.port(), option)
		return
	}
}

// listen finds a VXLAN for each port and way to hear of those that will be up.
func (p *planner) listen() map[uint16]map[hearing]string {
	found := map[uint16]map[hearing]string{}
	note := func(name string) {
		one := p.becomes(name)
		if one == nil || one.Kind != VXLAN || one.Up != nil && !*one.Up {
			return
		}
		port := one.VXLAN.port()
		if found[port] == nil {
			found[port] = map[hearing]string{}
		}
		found[port][one.VXLAN.hearing()] = name
	}
	for _, one := range p.current.Links {
		note(one.Name)
	}
	for _, name := range p.touched {
		note(name)
	}
	return found
}

// differs is the option that keeps two from sharing a socket, or "". Without external, IPv4 and IPv6 have sockets of
// their own.
func (h hearing) differs(other hearing) string {
	if !h.external && !other.external && h.overIPv6 != other.overIPv6 {
		return ""
	}
	for _, one := range []struct {
		name string
		is   bool
	}{
		{"external", h.external != other.external}, {"gbp", h.gbp != other.gbp}, {"gpe", h.gpe != other.gpe},
		{"vnifilter", h.vnifilter != other.vnifilter}, {"remcsum_rx", h.remcsumRX != other.remcsumRX},
		{"udp_zero_csum6_rx", h.zeroCsum6RX != other.zeroCsum6RX},
	} {
		if one.is {
			return one.name
		}
	}
	return ""
}
