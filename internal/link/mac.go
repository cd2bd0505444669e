package link

// adoptedMAC is the MAC address that a new bond or bridge takes from its ports when none is declared: the one that
// the kernel would choose, but set, so that udev's MACAddressPolicy=persistent does not put another in its place
// (systemd.link(5)) and the host keeps the address that its switch and DHCP server know.
func (p *planner) adoptedMAC(final *Link, fuse int) string {
	if final.MAC != nil {
		return *final.MAC
	}
	if fuse == 0 {
		return ""
	}
	if final.Kind == VLAN || final.Kind == Macvlan {
		if final.Kind == VLAN {
			return p.macOf(deref(final.Parent), fuse-1)
		}
		return ""
	}
	if !isController(final.Kind) || final.Ports == nil || !p.fresh[final.Name] {
		return ""
	}
	// With this option a bond has the address of whichever port is active.
	if follow := deref(final.Bond.FailOverMAC); follow == "active" || follow == "follow" {
		return ""
	}
	if final.MACFrom != "" {
		return p.macOf(final.MACFrom, fuse-1)
	}
	chosen := ""
	for _, port := range *final.Ports {
		mac := p.macOf(port.Name, fuse-1)
		switch {
		case mac == "":
		case final.Kind == Bond && (chosen == "" || port.Name == deref(final.Bond.Primary)):
			chosen = mac
		case final.Kind == Bridge && (chosen == "" || mac < chosen):
			chosen = mac
		}
	}
	return chosen
}

func (p *planner) macOf(name string, fuse int) string {
	if final := p.final[name]; final != nil && p.fresh[name] {
		return p.adoptedMAC(final, fuse)
	}
	if link := p.current.Find(name); link != nil {
		return deref(link.MAC)
	}
	return ""
}
