// Package addr is the domain of IP addresses: what is declared on a link, what the kernel has, and the way from one to
// the other.
package addr

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Address is an IP address as it is declared on a link. What is nil is not managed.
type Address struct {
	// Prefix is the address with the length of its network.
	Prefix    *netip.Prefix
	Peer      *netip.Addr
	Broadcast *netip.Addr // the zero Addr is none
	Label     *string
	Scope     *uint8
	Metric    *uint32
	Preferred *uint32

	NoPrefixRoute, NoDAD, Home, ManageTemporary, AutoJoin *bool
}

// State is every address of a namespace, in the kernel's order.
type State struct {
	Addresses []kernel.Address
	// Time is when the lifetimes were read.
	Time time.Time
	// Links are those whose addresses these are; nil is all.
	// An empty one is written, too: left out of the JSON it would come back as all.
	Links map[string]bool
}

// Kernel is what this domain asks of a kernel.
type Kernel interface {
	kernel.Addresses
	Links() ([]kernel.Link, error)
}

// Observe reads the addresses of all links.
func Observe(k kernel.Addresses) (*State, error) {
	addresses, err := k.CurrentAddresses()
	if err != nil {
		return nil, err
	}
	return &State{Addresses: addresses, Time: time.Now()}, nil
}

// Within is the addresses of some links.
func (s *State) Within(links map[string]bool) *State {
	out := &State{Time: s.Time, Links: links}
	for _, address := range s.Addresses {
		if links[address.Link] {
			out.Addresses = append(out.Addresses, address)
		}
	}
	return out
}

// byLink keeps the kernel's order. Where all of a link follow each other they are no copies: there may be thousands.
func (s *State) byLink() map[string][]kernel.Address {
	links := map[string][]kernel.Address{}
	for start := 0; start < len(s.Addresses); {
		link, end := s.Addresses[start].Link, start
		for end < len(s.Addresses) && s.Addresses[end].Link == link {
			end++
		}
		if before, more := links[link]; more {
			links[link] = slices.Concat(before, s.Addresses[start:end])
		} else {
			links[link] = s.Addresses[start:end:end]
		}
		start = end
	}
	return links
}

// Declared is the static addresses of each link, as a playbook would declare them.
func (s *State) Declared() map[string][]Address {
	declared := map[string][]Address{}
	for _, address := range s.Addresses {
		if origin(address) == static {
			declared[address.Link] = append(declared[address.Link], *binding().Read(&address))
		}
	}
	return declared
}

// DeclaredOn is the static addresses of one link.
func (s *State) DeclaredOn(link string) []Address {
	return s.Within(map[string]bool{link: true}).Declared()[link]
}

// kind of origin: who an address belongs to.
type maker int

const (
	// static addresses are those of the administrator, which a declaration manages.
	static maker = iota
	// foreign ones are those of DHCP clients, router advertisements and daemons.
	foreign
	// automatic ones are made by the kernel whenever their link is up: nobody needs to put them back.
	automatic
)

// From linux/if_addr.h.
const (
	protoLoopback            = 1 // IFAPROT_KERNEL_LO
	protoRouterAdvertisement = 2 // IFAPROT_KERNEL_RA
	protoLinkLocal           = 3 // IFAPROT_KERNEL_LL
)

func origin(address kernel.Address) maker {
	switch {
	case address.Protocol == protoLoopback, address.Protocol == protoLinkLocal, isLoopbacksOwn(address):
		return automatic
	case address.Flags&unix.IFA_F_TEMPORARY != 0 && !address.Prefix.Addr().Is4():
		// A privacy address: the kernel makes a new one for the next prefix that a router advertises.
		return automatic
	case address.Protocol != 0 || address.ValidLifetime != kernel.Forever:
		return foreign
	case address.PreferredLifetime != kernel.Forever && address.PreferredLifetime != 0:
		return foreign
	}
	return static
}

// isLoopbacksOwn tells the addresses that the kernel gives the loopback when it comes up (inetdev_event,
// init_loopback); of IPv4 it does not mark them.
func isLoopbacksOwn(address kernel.Address) bool {
	text := address.Prefix.String()
	return address.Link == "lo" && (text == "127.0.0.1/8" || text == "::1/128")
}

// identity is what makes the kernel take two addresses of a link for the same one: __inet_insert_ifa compares address,
// mask and far network, ipv6_add_addr the address alone.
type identity struct {
	address netip.Addr
	network netip.Prefix
}

func identify(address kernel.Address) identity {
	id := identity{address: address.Prefix.Addr()}
	if id.address.Is4() {
		id.network = network(address)
	}
	return id
}

// network is the directly connected network of an address.
func network(address kernel.Address) netip.Prefix {
	far := address.Prefix.Addr()
	if address.Peer.IsValid() {
		far = address.Peer
	}
	return netip.PrefixFrom(far, address.Prefix.Bits()).Masked()
}

// describe names an address as steps and messages show it.
func describe(address kernel.Address) string {
	return fmt.Sprintf("address %s on %s", address.Prefix, address.Link)
}
