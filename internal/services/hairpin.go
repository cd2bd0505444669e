package services

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// callsIPTables are the settings with which bridged frames pass the rules of IP, as on every host of Docker's, by whether
// they are about IPv6.
var callsIPTables = map[bool]string{false: "bridge/bridge-nf-call-iptables", true: "bridge/bridge-nf-call-ip6tables"}

// hairpins let containers reach themselves by their own forwards. Where bridged frames pass the rules of IP, a forward is
// done while the frame is on the bridge, which does not send it back by the port that it came from (br_nf_pre_routing_finish,
// should_deliver), unless that port is in hairpin mode. Ports are known by what was heard from them.
func (s *Site) hairpins(d *Declaration, seen *host.Observed) ([]plan.Step, error) {
	wanted := map[string][]netip.Addr{}
	var bridges []string
	for _, nat := range d.wanted().NATs {
		targets := s.hairpinTargets(nat)
		if len(targets) > 0 && !slices.Contains(bridges, nat.Interface) {
			bridges = append(bridges, nat.Interface)
		}
		wanted[nat.Interface] = append(wanted[nat.Interface], targets...)
	}
	var steps []plan.Step
	for _, bridge := range bridges {
		have := seen.Links.Find(bridge)
		if have == nil || have.Kind != link.Bridge {
			continue
		}
		ports, err := s.Services.Kernel.PortsBehind(bridge)
		if err != nil {
			return nil, err
		}
		var done []string
		for _, address := range wanted[bridge] {
			port, heard := ports[address]
			if !heard || slices.Contains(done, port) || inHairpinMode(have, port) {
				continue
			}
			done = append(done, port)
			steps = append(steps, s.hairpinStep(bridge, port, address))
		}
	}
	return steps, nil
}

// hairpinTargets are the containers that are to reach themselves by the address of the host.
func (s *Site) hairpinTargets(nat *nft.NAT) []netip.Addr {
	if nat.Absent() || nat.Interface == "" || nat.PortForwards == nil {
		return nil
	}
	var out []netip.Addr
	for _, forward := range *nat.PortForwards {
		// A kernel without br_netfilter has no such setting.
		on, err := s.Services.Kernel.Setting(callsIPTables[forward.To.Is6()])
		if err == nil && on == "1" && forward.Hairpins() && !slices.Contains(out, forward.To) {
			out = append(out, forward.To)
		}
	}
	return out
}

func inHairpinMode(bridge *link.Link, port string) bool {
	return slices.ContainsFunc(listOf(bridge.Ports), func(p link.Port) bool { return p.Name == port && p.Bridge.Hairpin != nil && *p.Bridge.Hairpin })
}

func (s *Site) hairpinStep(bridge, port string, of netip.Addr) plan.Step {
	return plan.Step{
		Phase: plan.Forward, Action: "change", Object: fmt.Sprintf("port %s of bridge %s, where %s is", port, bridge, of), Links: []string{bridge, port},
		Changes: []schema.Change{{Option: "hairpin", Old: false, New: true}},
		Run: func() error {
			return s.Kernel.ChangeLink(port, kernel.LinkRequest{
				Kind: link.Bridge, PortData: kernel.Attributes{{Type: unix.IFLA_BRPORT_MODE, Data: []byte{1}}},
			})
		},
	}
}
