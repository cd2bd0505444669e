package fake

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

func number(value uint32) []byte { return binary.NativeEndian.AppendUint32(nil, value) }

// kindDefaults are what Linux tells of a new link of the kind, in the order of their types.
var kindDefaults = map[string]kernel.Attributes{
	"bond": {
		{Type: unix.IFLA_BOND_MODE, Data: []byte{0}}, {Type: unix.IFLA_BOND_MIIMON, Data: number(0)},
		{Type: unix.IFLA_BOND_UPDELAY, Data: number(0)}, {Type: unix.IFLA_BOND_DOWNDELAY, Data: number(0)},
		{Type: unix.IFLA_BOND_XMIT_HASH_POLICY, Data: []byte{0}}, {Type: unix.IFLA_BOND_NUM_PEER_NOTIF, Data: []byte{1}},
		{Type: unix.IFLA_BOND_AD_LACP_RATE, Data: []byte{0}}, {Type: unix.IFLA_BOND_TLB_DYNAMIC_LB, Data: []byte{1}},
	},
	"bridge": {
		{Type: unix.IFLA_BR_FORWARD_DELAY, Data: number(1500)}, {Type: unix.IFLA_BR_AGEING_TIME, Data: number(30000)},
		{Type: unix.IFLA_BR_STP_STATE, Data: number(0)}, {Type: unix.IFLA_BR_VLAN_FILTERING, Data: []byte{0}},
	},
	"vlan": {{Type: unix.IFLA_VLAN_FLAGS, Data: append(number(1), number(0xffffffff)...)}},
}

// portDefaults are what Linux tells of a new port, by the kind of its controller.
var portDefaults = map[string]kernel.Attributes{
	"bond": {{Type: unix.IFLA_BOND_SLAVE_QUEUE_ID, Data: []byte{0, 0}}},
	"bridge": {
		{Type: unix.IFLA_BRPORT_COST, Data: number(100)}, {Type: unix.IFLA_BRPORT_ISOLATED, Data: []byte{0}},
	},
}

// keepFlags keeps the flags of a VLAN that a change does not count: it has the values and which of them count.
func keepFlags(vlan kernel.Attributes, before []byte) {
	for i, attribute := range vlan {
		if attribute.Type == unix.IFLA_VLAN_FLAGS && len(before) == 8 {
			values, counts := binary.NativeEndian.Uint32(attribute.Data), binary.NativeEndian.Uint32(attribute.Data[4:])
			kept := binary.NativeEndian.Uint32(before) &^ counts
			vlan[i].Data = append(number(kept|values&counts), number(0xffffffff)...)
		}
	}
}

// roundDelays keeps multiples of miimon (_bond_option_delay_set).
func roundDelays(bond kernel.Attributes) {
	miimon := bond.Get(unix.IFLA_BOND_MIIMON)
	if miimon == nil || binary.NativeEndian.Uint32(miimon) == 0 {
		return
	}
	for i, attribute := range bond {
		if attribute.Type == unix.IFLA_BOND_UPDELAY || attribute.Type == unix.IFLA_BOND_DOWNDELAY {
			delay := binary.NativeEndian.Uint32(attribute.Data)
			bond[i].Data = binary.NativeEndian.AppendUint32(nil, delay-delay%binary.NativeEndian.Uint32(miimon))
		}
	}
}

// dropEmptyTargets: nothing is told of empty lists of targets (bond_fill_info).
func dropEmptyTargets(bond kernel.Attributes) kernel.Attributes {
	return slices.DeleteFunc(bond, func(a kernel.Attribute) bool {
		return len(a.Data) == 0 && (a.Type == unix.IFLA_BOND_ARP_IP_TARGET || a.Type == unix.IFLA_BOND_NS_IP6_TARGET)
	})
}
