// Package registry lists the modules of the collection.
package registry

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/ansible"
	asyncstatus "hostnet.linux/modules/async_status"
	"hostnet.linux/modules/bond"
	"hostnet.linux/modules/bridge"
	"hostnet.linux/modules/dnsmasq"
	"hostnet.linux/modules/dummy"
	hostinterface "hostnet.linux/modules/interface"
	lxcbridge "hostnet.linux/modules/lxc_bridge"
	lxchost "hostnet.linux/modules/lxc_host"
	"hostnet.linux/modules/macvlan"
	"hostnet.linux/modules/nat"
	"hostnet.linux/modules/network"
	networkdiagram "hostnet.linux/modules/network_diagram"
	networkinfo "hostnet.linux/modules/network_info"
	networkpath "hostnet.linux/modules/network_path"
	"hostnet.linux/modules/rollback"
	"hostnet.linux/modules/route"
	"hostnet.linux/modules/rule"
	"hostnet.linux/modules/veth"
	"hostnet.linux/modules/vlan"
	"hostnet.linux/modules/vrf"
	"hostnet.linux/modules/vxlan"
)

// Modules are all modules, in the order of their names.
func Modules() []ansible.Module {
	return []ansible.Module{
		asyncstatus.Module(), bond.Module(), bridge.Module(), dnsmasq.Module(), dummy.Module(), hostinterface.Module(),
		lxcbridge.Module(), lxchost.Module(),
		macvlan.Module(),
		nat.Module(), network.Module(),
		networkdiagram.Module(), networkinfo.Module(), networkpath.Module(), rollback.Module(), route.Module(), rule.Module(),
		veth.Module(),
		vlan.Module(), vrf.Module(), vxlan.Module(),
	}
}

// Find is the module of that name.
func Find(name string) (ansible.Module, error) {
	var names []string
	for _, module := range Modules() {
		if module.Name == name {
			return module, nil
		}
		names = append(names, module.Name)
	}
	return ansible.Module{}, fmt.Errorf("there is no module %q here: the arguments' _ansible_module_name is one of %s",
		name, strings.Join(names, ", "))
}
