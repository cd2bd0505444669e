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

// callsIPTables are the settings with which bridged frames pass the rules of IP, as on every host of Docker's, by
// whether they are about IPv6.
var callsIPTables = map[bool]string{false: "bridge/bridge-nf-call-iptables", true: "bridge/bridge-nf-call-ip6tables"}

// hairpins let containers reach themselves by their own forwards. Where bridged frames pass the rules of IP, a forward
// is done while the frame is on the bridge, which does not send it back by the port that it came from
// (br_nf_pre_routing_finish, should_deliver), unless that port is in hairpin mode. Ports are known by what was heard
// from them. A port leaves the mode when no forward needs it any more. changes tells that the note of these ports does.
func (s *Site) hairpins(d *Declaration, seen *host.Observed) (steps []plan.Step, changes bool, err error) {
	noted, err := s.hairpinPorts(seen)
	if err != nil {
		return nil, false, err
	}
	left := slices.Clone(noted)
	var entered []string
	for _, nat := range d.wanted().NATs {
		targets := s.hairpinTargets(nat)
		left = slices.DeleteFunc(left, func(one hairpinPort) bool {
			return one.Translation == nat.Name && (one.Bridge != nat.Interface || !slices.Contains(targets, one.Container))
		})
		have := seen.Links.Find(nat.Interface)
		if len(targets) == 0 || have == nil || have.Kind != link.Bridge {
			continue
		}
		ports, err := s.Services.Kernel.PortsBehind(nat.Interface)
		if err != nil {
			return nil, false, err
		}
		for _, address := range targets {
			port := seen.Links.Find(ports[address])
			if port == nil {
				continue
			}
			one := hairpinPort{nat.Name, nat.Interface, port.Name, port.Observed.Index, address}
			is := inHairpinMode(have, port.Name)
			if is && !slices.ContainsFunc(left, one.isSamePort) {
				continue // somebody else's doing
			}
			if !slices.Contains(left, one) {
				left = append(left, one)
			}
			if !is && !slices.Contains(entered, port.Name) {
				entered = append(entered, port.Name)
				steps = append(steps, s.hairpinStep(one, true))
			}
		}
	}
	if slices.Equal(left, noted) {
		return steps, false, nil
	}
	return slices.Concat(steps, s.leaveHairpinMode(seen, noted, left), []plan.Step{s.note(left)}), true, nil
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
	return slices.ContainsFunc(listOf(bridge.Ports),
		func(p link.Port) bool { return p.Name == port && p.Bridge.Hairpin != nil && *p.Bridge.Hairpin })
}

func (s *Site) hairpinStep(one hairpinPort, on bool) plan.Step {
	phase, mode := plan.Remove, byte(0)
	if on {
		phase, mode = plan.Forward, 1
	}
	return plan.Step{
		Phase: phase, Action: "change", Links: []string{one.Bridge, one.Port},
		Object:  fmt.Sprintf("port %s of bridge %s, where %s is", one.Port, one.Bridge, one.Container),
		Changes: []schema.Change{{Option: "hairpin", Old: !on, New: on}},
		Run: func() error {
			return s.Kernel.ChangeLink(one.Port, kernel.LinkRequest{
				Kind: link.Bridge, PortData: kernel.Attributes{{Type: unix.IFLA_BRPORT_MODE, Data: []byte{mode}}},
			})
		},
	}
}
