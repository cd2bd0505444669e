package addr

import (
	"fmt"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// binding is every option of an address, with its place in what the kernel reports.
var binding = sync.OnceValue(func() schema.Binding[Address, kernel.Address] {
	return schema.Binding[Address, kernel.Address]{
		schema.Bind("address", schema.CIDR(), func(a *Address) **netip.Prefix { return &a.Prefix },
			func(k *kernel.Address) (netip.Prefix, bool) { return k.Prefix, true },
			func(k *kernel.Address, v netip.Prefix) { k.Prefix = v },
			"The address with the length of its network, such as 172.29.236.11/22. With O(addresses[].peer), the length is "+
				"that of the peer's network.").Require(),
		schema.Bind("peer", schema.Address(), func(a *Address) **netip.Addr { return &a.Peer },
			func(k *kernel.Address) (netip.Addr, bool) { return k.Peer, k.Peer.IsValid() },
			func(k *kernel.Address, v netip.Addr) { k.Peer = v },
			"The address of the far end of a point-to-point link."),
		schema.Bind("broadcast", schema.AddressOrNone(), func(a *Address) **netip.Addr { return &a.Broadcast },
			func(k *kernel.Address) (netip.Addr, bool) { return k.Broadcast, k.Broadcast.IsValid() },
			func(k *kernel.Address, v netip.Addr) { k.Broadcast = v },
			"The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip "+
				"address add);"+
				" the kernel knows the network's broadcast address without."),
		schema.Bind("label", labelForm(), func(a *Address) **string { return &a.Label },
			func(k *kernel.Address) (string, bool) { return k.Label, k.Label != "" && k.Label != k.Link },
			func(k *kernel.Address, v string) { k.Label = v },
			"The IPv4 address's label, such as eth0:1, at most 15 bytes. Left out, a new address gets the link's name."),
		schema.Bind("scope", schema.Scope(), func(a *Address) **uint8 { return &a.Scope },
			func(k *kernel.Address) (uint8, bool) {
				return k.Scope, k.Prefix.Addr().Is4() && k.Scope != usualScope(k.Prefix.Addr())
			},
			func(k *kernel.Address, v uint8) { k.Scope = v },
			"How far the IPv4 address reaches. Left out, a new address gets V(host) in 127.0.0.0/8 and else V(global)."),
		schema.Bind("metric", schema.Int[uint32](0, 1<<32-1), func(a *Address) **uint32 { return &a.Metric },
			func(k *kernel.Address) (uint32, bool) { return k.Metric, k.Metric != 0 },
			func(k *kernel.Address, v uint32) { k.Metric = v },
			"The metric of the route to the address's network; 0 is the kernel's own."),
		schema.Bind("preferred_lifetime", lifetimeForm(), func(a *Address) **uint32 { return &a.Preferred },
			func(k *kernel.Address) (uint32, bool) { return k.PreferredLifetime, k.PreferredLifetime == 0 },
			func(k *kernel.Address, v uint32) { k.PreferredLifetime = v },
			"V(0) makes the address a deprecated one, which no new connection starts from; V(forever) undoes that."),
		flag("noprefixroute", unix.IFA_F_NOPREFIXROUTE, func(a *Address) **bool { return &a.NoPrefixRoute },
			"Whether the kernel is not to make a route to the address's network."),
		flag("nodad", unix.IFA_F_NODAD, func(a *Address) **bool { return &a.NoDAD },
			"Whether the IPv6 address is used without asking the link first whether another host has it."),
		flag("home", unix.IFA_F_HOMEADDRESS, func(a *Address) **bool { return &a.Home },
			"Whether the IPv6 address is the home address of Mobile IPv6."),
		flag("mngtmpaddr", unix.IFA_F_MANAGETEMPADDR, func(a *Address) **bool { return &a.ManageTemporary },
			"Whether the kernel makes temporary addresses from the IPv6 address, whose prefix must be 64 bits long."),
		flag("autojoin", unix.IFA_F_MCAUTOJOIN, func(a *Address) **bool { return &a.AutoJoin },
			"Whether the kernel joins the group that the address, a multicast one, stands for."),
	}
})

// settable are the flags that are options; the kernel sets the others.
const settable = unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_MANAGETEMPADDR |
	unix.IFA_F_MCAUTOJOIN

// flag is an option that is one bit of the address's flags.
func flag(name string, bit uint32, field func(*Address) **bool, text string) schema.Bound[Address, kernel.Address] {
	return schema.Bind(name, schema.Bool(), field,
		func(k *kernel.Address) (bool, bool) { return true, k.Flags&bit != 0 },
		func(k *kernel.Address, on bool) {
			k.Flags &^= bit
			if on {
				k.Flags |= bit
			}
		}, text)
}

// labelForm is what fits into the kernel's IFNAMSIZ bytes.
func labelForm() schema.Form[string] {
	const longest = unix.IFNAMSIZ - 1
	return schema.Text(
		func(s string) (string, error) {
			if s == "" || len(s) > longest {
				return "", fmt.Errorf("must be from 1 to %d bytes long, not %d", longest, len(s))
			}
			return s, nil
		},
		func(s string) string { return s })
}

// lifetimeForm has only the lifetimes that do not tick: any other would differ on every run.
func lifetimeForm() schema.Form[uint32] {
	form := schema.Text(
		func(s string) (uint32, error) {
			switch s {
			case "0":
				return 0, nil
			case "forever":
				return kernel.Forever, nil
			}
			return 0, fmt.Errorf("must be 0 or forever, not %q", s)
		},
		func(v uint32) string {
			if v == 0 {
				return "0"
			}
			return "forever"
		})
	form.Choices = []string{"0", "forever"}
	return form
}

// List is the form of the option `addresses`: exactly the static addresses of a link. It is made once, since every link
// that is shown needs it.
var List = sync.OnceValue(func() schema.Form[[]Address] {
	element := schema.Dict(binding().Table(), "address")
	form := schema.List(element)
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) ([]Address, bool) {
		addresses, ok := parse(raw, at)
		if ok {
			ok = check(addresses, at)
		}
		return addresses, ok
	}
	return form
})

// check finds what does not fit together, which the kernel would refuse or silently drop.
func check(addresses []Address, at schema.Place) bool {
	sound := true
	seen := map[identity]int{}
	for i := range addresses {
		place := at.Index(i)
		problem := func(option, format string, args ...any) {
			sound = false
			place.Key(option).Problem(format, args...)
		}
		checkOne(&addresses[i], problem)
		id := identify(fresh(&addresses[i], ""))
		if first, twice := seen[id]; twice {
			sound = false
			place.Problem("%s is declared twice: it is also %s", addresses[i].Prefix, at.Index(first).Path())
			continue
		}
		seen[id] = i
	}
	return sound
}

func checkOne(a *Address, problem func(option, format string, args ...any)) {
	ip, is4 := a.Prefix.Addr(), a.Prefix.Addr().Is4()
	joins := a.AutoJoin != nil && *a.AutoJoin
	if ip.IsUnspecified() || !is4 && ip.IsMulticast() && !joins {
		problem("address", "%s is not an address that a host can have", ip)
	}
	if joins && !ip.IsMulticast() {
		problem("autojoin", "needs a multicast address, and %s is none", ip)
	}
	if a.Peer != nil && a.Peer.Is4() != is4 {
		problem("peer", "%s is not of the same family as %s", *a.Peer, ip)
	}
	if a.Broadcast != nil && a.Broadcast.IsValid() && !a.Broadcast.Is4() {
		problem("broadcast", "must be an IPv4 address or none, not %s", *a.Broadcast)
	}
	only := func(option string, set, fits bool, family string) {
		if set && !fits {
			problem(option, "is of %s addresses only", family)
		}
	}
	only("broadcast", a.Broadcast != nil, is4, "IPv4")
	only("label", a.Label != nil, is4, "IPv4")
	only("scope", a.Scope != nil, is4, "IPv4")
	only("nodad", a.NoDAD != nil, !is4, "IPv6")
	only("home", a.Home != nil, !is4, "IPv6")
	only("mngtmpaddr", a.ManageTemporary != nil, !is4, "IPv6")
	if a.ManageTemporary != nil && *a.ManageTemporary && !is4 && a.Prefix.Bits() != 64 {
		problem("mngtmpaddr", "needs a prefix of 64 bits, not %d", a.Prefix.Bits())
	}
}

// usualScope is what `ip address add` takes for an IPv4 address; the kernel takes what it is told.
func usualScope(address netip.Addr) uint8 {
	if address.IsLoopback() {
		return unix.RT_SCOPE_HOST
	}
	return unix.RT_SCOPE_UNIVERSE
}

// fresh is a declared address as it is added to a link that lacks it.
func fresh(declared *Address, link string) kernel.Address {
	address := kernel.Address{Link: link, ValidLifetime: kernel.Forever, PreferredLifetime: kernel.Forever}
	if declared.Prefix.Addr().Is4() {
		address.Scope = usualScope(declared.Prefix.Addr())
	}
	binding().Write(declared, &address)
	return address
}

// overlay is an address that is there, with what is declared of it.
func overlay(declared *Address, have kernel.Address) kernel.Address {
	if origin(have) == automatic {
		return have
	}
	want := have
	want.Protocol, want.ValidLifetime, want.PreferredLifetime = 0, kernel.Forever, kernel.Forever
	if origin(have) == static {
		want.PreferredLifetime = have.PreferredLifetime
	}
	binding().Write(declared, &want)
	return want
}
