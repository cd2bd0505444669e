package fake

import (
	"cmp"
	"fmt"
	"net"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// What bond_opts in drivers/net/bonding/bond_options.c wants before it takes an option: a bond that is down, one
// without ports.
var (
	bondDown = []uint16{
		unix.IFLA_BOND_MODE, unix.IFLA_BOND_AD_LACP_RATE, unix.IFLA_BOND_AD_LACP_ACTIVE, unix.IFLA_BOND_AD_SELECT,
		unix.IFLA_BOND_AD_USER_PORT_KEY, unix.IFLA_BOND_TLB_DYNAMIC_LB, unix.IFLA_BOND_COUPLED_CONTROL,
	}
	bondWithoutPorts = []uint16{unix.IFLA_BOND_MODE, unix.IFLA_BOND_FAIL_OVER_MAC}
)

func (k *Kernel) refuseBondOptions(one *link, options kernel.Attributes) error {
	if one.Kind != "bond" {
		return nil
	}
	for _, attribute := range options {
		switch {
		case slices.Contains(bondWithoutPorts, attribute.Type) && len(k.ports(one)) > 0:
			return refusal(unix.ENOTEMPTY, "bond option %d of %s with ports", attribute.Type, one.Name)
		case slices.Contains(bondDown, attribute.Type) && one.Flags&unix.IFF_UP != 0:
			return refusal(unix.EBUSY, "bond option %d of %s while it is up", attribute.Type, one.Name)
		}
	}
	return nil
}

// move makes a link somebody's port, or nobody's.
func (k *Kernel) move(one *link, target string) {
	former := k.byIndex(one.Controller)
	one.Controller, one.PortKind, one.PortData = 0, "", nil
	delete(k.vlans, one.Index)
	if former != nil && former.Kind == "bond" {
		k.lower(one)
		one.Address, one.MTU = one.ownAddress, one.ownMTU
		if len(k.ports(former)) == 0 {
			k.randomAddresses++
			former.Address, former.chosenAddress = fmt.Sprintf("02:ff:00:00:00:%02x", k.randomAddresses%256), false
		}
	}
	controller := k.find(target)
	if controller != nil {
		one.Controller, one.PortKind = controller.Index, controller.Kind
		one.PortData = slices.Clone(portDefaults[controller.Kind])
		if controller.Kind == "bond" {
			// The first port gives the bond its address, and every other one takes the bond's (bond_enslave).
			if len(k.ports(controller)) == 1 && !controller.chosenAddress {
				controller.Address = one.Address
			}
			one.ownAddress, one.Address = one.Address, controller.Address
			one.ownMTU, one.MTU = one.MTU, controller.MTU
			own, _ := net.ParseMAC(one.ownAddress)
			k.lowerUppers(one)
			one.PortData = k.merge(one.PortData, kernel.Attributes{{Type: unix.IFLA_BOND_SLAVE_PERM_HWADDR, Data: own}})
			k.dropAddresses(one.Name, func(a kernel.Address) bool { return a.Prefix.Addr().Is6() })
			k.lift(one)
		} else {
			k.vlans[one.Index] = defaultVLANs()
		}
	}
	for _, bridge := range []*link{former, controller} {
		if bridge != nil && bridge.Kind == "bridge" {
			k.followPorts(bridge)
		}
	}
}

// followPorts: a bridge has the lowest of its ports' addresses and MTUs unless these were set
// (br_stp_recalculate_bridge_id, br_mtu_auto_adjust).
func (k *Kernel) followPorts(bridge *link) {
	ports := k.ports(bridge)
	if len(ports) == 0 {
		if !bridge.chosenMTU {
			bridge.MTU = 1500
		}
		return
	}
	if !bridge.chosenAddress {
		bridge.Address = slices.MinFunc(ports, func(a, b *link) int { return cmp.Compare(a.Address, b.Address) }).Address
	}
	if !bridge.chosenMTU {
		bridge.MTU = slices.MinFunc(ports, func(a, b *link) int { return int(a.MTU) - int(b.MTU) }).MTU
	}
}

func (k *Kernel) ports(controller *link) []*link {
	var ports []*link
	for _, one := range k.links {
		if one.Controller == controller.Index {
			ports = append(ports, one)
		}
	}
	return ports
}
