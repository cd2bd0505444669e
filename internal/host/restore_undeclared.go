package host

import (
	"errors"
	"net/netip"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/undeclared"
)

// planUndeclared looks at what no option declares. What the other steps do to that shows when they are done.
func (r *restoration) planUndeclared(now *Observed, others bool) ([]plan.Step, error) {
	if len(r.before.Undeclared) == 0 {
		return nil, nil
	}
	names := map[string]bool{}
	for name := range r.before.Undeclared {
		names[name] = true
	}
	k := r.host.Kernel
	is, err := undeclared.Observe(k, now.Links.Raw(), names)
	if err != nil {
		return nil, err
	}
	r.undeclared = r.before.Undeclared.Changes(is)
	if len(r.undeclared) == 0 && (r.late || !others) {
		return nil, nil
	}
	const last = 1 << 16
	return []plan.Step{
		{
			Phase: plan.Adjust, Depth: last, Action: "restore", Object: settingsObject, Unlisted: true,
			Run: func() error { return r.before.Undeclared.RestoreSettings(k) },
		},
		{
			Phase: plan.Retire, Depth: last, Action: "restore", Object: tablesObject, Unlisted: true,
			Run: func() error { return errors.Join(r.before.Undeclared.RestoreTables(k), r.restoreLinkLocal()) },
		},
	}, nil
}

// Names of the steps about what no option declares.
const (
	settingsObject = "settings that no option declares"
	tablesObject   = "tables that no option declares"
)

// restoreLinkLocal sees to link-local addresses that the kernel has made by itself on the way, and otherwise than
// before: of a MAC address that was put back later, or on a link that is to have none and got IPv6 with the defaults
// when its MTU rose to 1280.
func (r *restoration) restoreLinkLocal() error {
	seen, err := r.host.Kernel.Addresses()
	if err != nil {
		return err
	}
	is, was := linkLocal(seen), linkLocal(r.before.Addresses.Addresses)
	var failures []error
	for name, one := range r.before.Undeclared {
		// One that has none yet waits for its carrier.
		if !one.MakesNoAddresses() && (len(is[name]) == 0 || len(was[name]) == 0) {
			continue
		}
		for prefix, address := range was[name] {
			if _, there := is[name][prefix]; !there {
				failures = append(failures, r.host.Kernel.AddAddress(address))
			}
		}
		for prefix, address := range is[name] {
			if _, known := was[name][prefix]; !known {
				failures = append(failures, r.host.Kernel.DeleteAddress(address, false))
			}
		}
	}
	return errors.Join(failures...)
}

// linkLocal are the IPv6 link-local addresses of each link.
func linkLocal(addresses []kernel.Address) map[string]map[netip.Prefix]kernel.Address {
	out := map[string]map[netip.Prefix]kernel.Address{}
	for _, one := range addresses {
		if !one.Prefix.Addr().Is6() || !one.Prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		if out[one.Link] == nil {
			out[one.Link] = map[netip.Prefix]kernel.Address{}
		}
		out[one.Link][one.Prefix] = one
	}
	return out
}
