package topology

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/kernel/nftables"
)

// Routing is what decides where a namespace sends a packet.
type Routing struct {
	Routes []kernel.Route `json:"routes,omitempty"`
	Rules  []kernel.Rule  `json:"rules,omitempty"`
	// Entries are those of VXLANs that say which far end has which MAC, by the link's name.
	Entries map[string][]kernel.ForwardingEntry `json:"fdb,omitempty"`
	// Tables are the firewall, without the contents of others' sets.
	Tables []*nftables.Table `json:"nftables,omitempty"`
	// Forwarding4 and Forwarding6 tell whether the namespace routes, RPFilter how strict each link is.
	Forwarding4 bool             `json:"ipv4_forwarding,omitempty"`
	Forwarding6 bool             `json:"ipv6_forwarding,omitempty"`
	RPFilter    map[string]int32 `json:"rp_filter,omitempty"`
}

// ReadRouting reads what it takes to tell the way of a packet.
func (h *Host) ReadRouting() error {
	for _, n := range h.Namespaces {
		if err := n.readRouting(); err != nil {
			return fmt.Errorf("%s %s: %w", n.Kind, n.Name, err)
		}
	}
	return nil
}

func (n *Namespace) readRouting() error {
	handle, err := linux.Open(n.path)
	if err != nil {
		return err
	}
	defer handle.Close()
	out := &Routing{Entries: map[string][]kernel.ForwardingEntry{}, RPFilter: map[string]int32{}}
	if out.Routes, err = handle.Routes(); err != nil {
		return err
	}
	if out.Rules, err = handle.Rules(); err != nil {
		return err
	}
	entries, err := handle.ForwardingEntries()
	if err != nil {
		return err
	}
	for _, link := range n.Links {
		if list := entries[link.Index]; len(list) > 0 {
			out.Entries[link.Name] = list
		}
	}
	if err := out.readSettings(handle); err != nil {
		return err
	}
	connection, err := nftables.Open(n.path)
	if err != nil {
		return err
	}
	defer connection.Close()
	out.Tables, err = connection.Tables(func(nftables.Family, string) nftables.Detail { return nftables.Contents })
	n.Routing = out
	return err
}

// readSettings reads the settings of links as the kernel lists them with these, so that no other file system is needed.
func (r *Routing) readSettings(handle *linux.Handle) error {
	const forwarding, filter = 0, 7 // IPV4_DEVCONF_FORWARDING and _RP_FILTER less one, DEVCONF_FORWARDING
	raw, err := handle.Links()
	if err != nil {
		return err
	}
	for _, one := range raw {
		if one.Flags&unix.IFF_LOOPBACK != 0 {
			continue
		}
		if len(one.IPv4) > filter {
			r.Forwarding4 = r.Forwarding4 || one.IPv4[forwarding] != 0
			r.RPFilter[one.Name] = one.IPv4[filter]
		}
		if len(one.IPv6) > forwarding {
			r.Forwarding6 = r.Forwarding6 || one.IPv6[forwarding] != 0
		}
	}
	return nil
}

// Owns tells whether an address is one of the namespace's own, and on which link.
func (n *Namespace) Owns(address netip.Addr) *Link {
	for _, link := range n.Links {
		for _, text := range link.Addresses {
			if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Addr() == address {
				return link
			}
		}
	}
	return nil
}
