package services

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// InnerMTU is that of a container's end of a port, as it was before a change.
type InnerMTU struct {
	Port string `json:"port"`
	MTU  uint32 `json:"mtu"`
}

// followers are the ports that take on a bridge's new MTU: those that had that of the bridge, and those whose packets
// would not fit any more. A container with a smaller one of its own keeps it, and so does a port that the task
// declares.
func followers(d *Declaration, bridge *lxcbridge.Bridge, seen *host.Observed) []*link.Link {
	have := seen.Links.Find(bridge.Name)
	if bridge.Absent() || bridge.MTU == nil || have == nil || have.MTU == nil {
		return nil
	}
	var out []*link.Link
	for _, one := range seen.Links.Links {
		if one.Observed.Controller != bridge.Name || one.Kind != link.Veth || one.Observed.PeerNSID < 0 || one.MTU == nil ||
			*one.MTU == *bridge.MTU {
			continue
		}
		declared := d.Host != nil &&
			slices.ContainsFunc(d.Host.Interfaces, func(i *host.Interface) bool { return i.Link.Name == one.Name })
		if !declared && (*one.MTU == *have.MTU || *one.MTU > *bridge.MTU) {
			out = append(out, one)
		}
	}
	return out
}

// follow has the containers on the bridge take on its MTU, at both ends of their ports: a bridge drops what a container
// sends in frames that are too large, and tells nobody.
func (s *Site) follow(d *Declaration, bridge *lxcbridge.Bridge, seen *host.Observed) (ends []*host.Interface,
	inner []plan.Step) {
	for _, port := range followers(d, bridge, seen) {
		ends = append(ends, &host.Interface{Link: link.Link{Name: port.Name, MTU: bridge.MTU, Path: bridge.Path}})
		inner = append(inner, plan.Step{
			Phase: plan.Forward, Action: "change", Object: "the container's end of " + port.Name, Links: []string{port.Name},
			Changes: []schema.Change{{Option: "mtu", Old: *port.MTU, New: *bridge.MTU}},
			Run:     func() error { return s.setInnerMTU(port, *bridge.MTU) },
		})
	}
	return ends, inner
}

// innerMTUs are those of the followers, before the change.
func (s *Site) innerMTUs(d *Declaration, seen *host.Observed) ([]InnerMTU, error) {
	var out []InnerMTU
	for _, bridge := range d.Bridges {
		for _, port := range followers(d, bridge, seen) {
			err := s.inside(port, func(_ lxcbridge.Kernel, end kernel.Link) error {
				out = append(out, InnerMTU{port.Name, end.MTU})
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// restoreInner puts the MTUs inside containers back. A container that has ended has none any more.
func (s *Site) restoreInner(before []InnerMTU) error {
	if len(before) == 0 {
		return nil
	}
	seen, err := s.Host.Observe()
	if err != nil {
		return err
	}
	var failures []error
	for _, was := range before {
		if port := seen.Links.Find(was.Port); port != nil {
			failures = append(failures, s.setInnerMTU(port, was.MTU))
		}
	}
	return errors.Join(failures...)
}

func (s *Site) setInnerMTU(port *link.Link, mtu uint32) error {
	return s.inside(port, func(k lxcbridge.Kernel, end kernel.Link) error {
		return k.ChangeLink(end.Name, kernel.LinkRequest{MTU: &mtu})
	})
}

// inside asks the kernel about the container's end of a port.
func (s *Site) inside(port *link.Link, f func(lxcbridge.Kernel, kernel.Link) error) error {
	path, err := s.namespaceOf(port.Observed.PeerNSID)
	if err != nil {
		return fmt.Errorf("the container's end of %s: %w", port.Name, err)
	}
	k, done, err := s.OpenIn(path)
	if err != nil {
		return fmt.Errorf("the container's end of %s: %w", port.Name, err)
	}
	defer done()
	links, err := k.Links()
	if err != nil {
		return err
	}
	for _, end := range links {
		if end.Index == port.Observed.PeerIndex {
			return f(k, end)
		}
	}
	return nil // it has ended in the meantime
}

// namespaceOf finds the namespace that has the number here: of those that have a process, or a name of iproute2's.
func (s *Site) namespaceOf(id int) (string, error) {
	paths, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	names, _ := filepath.Glob("/run/netns/*")
	known := map[string]bool{}
	for _, path := range append(paths, names...) {
		// Processes come and go, and one namespace has many.
		if target, err := os.Readlink(path); err == nil && known[target] {
			continue
		} else if err == nil {
			known[target] = true
		}
		if found, err := s.Kernel.NamespaceID(path); err == nil && found == id {
			return path, nil
		}
	}
	return "", fmt.Errorf("no process is in its network namespace, which has the number %d here", id)
}

// narrowWaysOut warns of bridges whose packets are larger than what the way out takes. The sender is told so by ICMP,
// which many networks drop: connections then begin and hang.
func (d *Declaration) narrowWaysOut(current *State) []string {
	var out []string
	for _, bridge := range d.Bridges {
		const ethernet = 1500
		mtu := uint32(ethernet)
		if have, there := current.Rules.Links[bridge.Name]; there {
			mtu = have.MTU
		}
		if bridge.MTU != nil {
			mtu = *bridge.MTU
		}
		if bridge.Absent() || bridge.NAT.MSSClamp != "" {
			continue
		}
		ways := listOf(bridge.NAT.OutInterface)
		if len(ways) == 0 {
			ways = slices.Concat(current.Rules.Uplinks[false], current.Rules.Uplinks[true])
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(ways))) {
			if way := current.Rules.Links[name]; way.MTU != 0 && way.MTU < mtu && name != bridge.Name {
				out = append(out, fmt.Sprintf("%s has an MTU of %d and the way out %s one of %d: connections may hang where ICMP "+
					"is dropped: set mtu: %d, or mss_clamp: pmtu",
					bridge.Name, mtu, name, way.MTU, way.MTU))
			}
		}
	}
	return out
}
