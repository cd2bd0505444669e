package linux

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// IFA_PROTO of linux/if_addr.h, which Linux has had since 5.18.
const ifaProto = 11

// Addresses lists every address of the namespace in the kernel's order: IPv4 before IPv6, link by link.
func (h *Handle) Addresses() ([]kernel.Address, error) {
	list, err := h.readAddresses(addressList{})
	if err != nil {
		return nil, err
	}
	return h.namedAddresses(list)
}

// addressList is addresses, and the numbers of the links that they are on. Whoever was given the addresses keeps them,
// so they are replaced as a whole.
type addressList struct {
	addresses []kernel.Address
	links     []int
}

// readAddresses reads a list that is likely to be as long as the one that was read last, and gives that one where
// nothing has changed: there may be thousands of addresses.
func (h *Handle) readAddresses(last addressList) (list addressList, err error) {
	request := h.request(unix.RTM_GETADDR, 0)
	request.AddData(nl.NewIfAddrmsg(unix.AF_UNSPEC))
	most := len(last.addresses) + len(last.addresses)/16
	list = addressList{make([]kernel.Address, 0, most), make([]int, 0, most)}
	reset := func() { list.addresses, list.links = list.addresses[:0], list.links[:0] }
	err = h.dump(request, reset, func(message []byte) error {
		address, link, err := decodeAddress(message)
		if err == nil && address.Prefix.IsValid() {
			list.addresses, list.links = append(list.addresses, address), append(list.links, link)
		}
		return err
	})
	if err != nil {
		return list, fmt.Errorf("cannot list the addresses: %w", err)
	}
	if err := h.knowLinks(list.numbers()); err != nil {
		return list, err
	}
	for i := range list.addresses {
		list.addresses[i].Link = h.nameOf(list.links[i])
	}
	if slices.Equal(list.links, last.links) && slices.Equal(list.addresses, last.addresses) {
		return last, nil
	}
	return list, nil
}

// numbers are those of the links.
func (l addressList) numbers() map[int]bool {
	out := map[int]bool{}
	for _, link := range l.links {
		out[link] = true
	}
	return out
}

// namedAddresses are those whose links are there, with the names that these have now.
func (h *Handle) namedAddresses(list addressList) ([]kernel.Address, error) {
	if err := h.knowLinks(list.numbers()); err != nil {
		return nil, err
	}
	named := true
	for i := range list.addresses {
		name := h.nameOf(list.links[i])
		named = named && name != "" && name == list.addresses[i].Link
	}
	if named {
		return slices.Clip(list.addresses), nil
	}
	known := make([]kernel.Address, 0, len(list.addresses))
	for i, address := range list.addresses {
		if address.Link = h.nameOf(list.links[i]); address.Link != "" {
			known = append(known, address)
		}
	}
	return known, nil
}

// decodeAddress reads a struct ifaddrmsg and its attributes. Families other than IP give an address without Prefix.
func decodeAddress(message []byte) (address kernel.Address, link int, err error) {
	if len(message) < unix.SizeofIfAddrmsg {
		return address, 0, fmt.Errorf("the kernel sent an address message of %d bytes", len(message))
	}
	family, length := message[0], int(message[1])
	if family != unix.AF_INET && family != unix.AF_INET6 {
		return address, 0, nil
	}
	address.Flags, address.Scope = uint32(message[2]), message[3]
	address.ValidLifetime, address.PreferredLifetime = kernel.Forever, kernel.Forever
	link = int(int32(number32(message[4:8])))
	var local, far netip.Addr
	err = eachAttribute(message[unix.SizeofIfAddrmsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.IFA_LOCAL:
			local = addressOf(data)
		case unix.IFA_ADDRESS:
			far = addressOf(data)
		case unix.IFA_BROADCAST:
			address.Broadcast = addressOf(data)
		case unix.IFA_LABEL:
			address.Label = nl.BytesToString(data)
		case unix.IFA_FLAGS:
			address.Flags = number32(data)
		case unix.IFA_RT_PRIORITY:
			address.Metric = number32(data)
		case ifaProto:
			if len(data) > 0 {
				address.Protocol = data[0]
			}
		case unix.IFA_CACHEINFO:
			if len(data) >= unix.SizeofIfaCacheinfo {
				address.PreferredLifetime, address.ValidLifetime = number32(data), number32(data[4:])
			}
		}
		return nil
	})
	// IFA_ADDRESS is the far end; without one, IPv4 repeats the local address there and IPv6 has no IFA_LOCAL.
	if !local.IsValid() {
		local = far
	}
	if far != local {
		address.Peer = far
	}
	// IPv4 says of a permanent address that it is preferred for ever even if it is not (inet_fill_ifaddr).
	if address.Flags&unix.IFA_F_DEPRECATED != 0 && address.ValidLifetime == kernel.Forever {
		address.PreferredLifetime = 0
	}
	if local.IsValid() {
		address.Prefix = netip.PrefixFrom(local, length)
	}
	return address, link, err
}

// encodeAddress is the inverse of decodeAddress.
func encodeAddress(address kernel.Address, link int) []byte {
	local := address.Prefix.Addr()
	far := address.Peer
	if !far.IsValid() {
		far = local
	}
	message := []byte{familyOf(local), uint8(address.Prefix.Bits()), 0, address.Scope}
	message = binary.NativeEndian.AppendUint32(message, uint32(int32(link)))
	message = appendAttribute(message, unix.IFA_LOCAL, local.AsSlice())
	message = appendAttribute(message, unix.IFA_ADDRESS, far.AsSlice())
	if address.Broadcast.IsValid() {
		message = appendAttribute(message, unix.IFA_BROADCAST, address.Broadcast.AsSlice())
	}
	if address.Label != "" {
		message = appendAttribute(message, unix.IFA_LABEL, append([]byte(address.Label), 0))
	}
	message = appendNumber(message, unix.IFA_FLAGS, address.Flags)
	if address.Metric != 0 {
		message = appendNumber(message, unix.IFA_RT_PRIORITY, address.Metric)
	}
	if address.Protocol != 0 {
		message = appendAttribute(message, ifaProto, []byte{address.Protocol})
	}
	lifetimes := make([]byte, unix.SizeofIfaCacheinfo)
	binary.NativeEndian.PutUint32(lifetimes, address.PreferredLifetime)
	binary.NativeEndian.PutUint32(lifetimes[4:], address.ValidLifetime)
	return appendAttribute(message, unix.IFA_CACHEINFO, lifetimes)
}

// AddAddress adds an address; one that is there already is an error (EEXIST).
func (h *Handle) AddAddress(address kernel.Address) error {
	return h.sendAddress(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, address)
}

// ChangeAddress alters what the kernel can alter of an address.
func (h *Handle) ChangeAddress(address kernel.Address) error {
	return h.sendAddress(unix.RTM_NEWADDR, unix.NLM_F_REPLACE, address)
}

func (h *Handle) sendAddress(messageType, flags int, address kernel.Address) error {
	link, err := h.index(address.Link)
	if err != nil {
		return err
	}
	request := h.request(messageType, flags)
	request.AddRawData(encodeAddress(address, link))
	return h.change(request)
}

// DeleteAddress removes an address. To promote, the link's promote_secondaries is on for the time of the deletion, so
// that the secondary addresses are there at every moment.
func (h *Handle) DeleteAddress(address kernel.Address, promote bool) (err error) {
	link, err := h.index(address.Link)
	if err != nil {
		return err
	}
	if promote {
		before, err := h.promoteSecondaries(link)
		if err != nil {
			return err
		}
		if before == 0 {
			if err := h.setPromoteSecondaries(link, 1); err != nil {
				return err
			}
			defer func() {
				if resetting := h.setPromoteSecondaries(link, 0); err == nil {
					err = resetting
				}
			}()
		}
	}
	request := h.request(unix.RTM_DELADDR, 0)
	request.AddRawData(encodeAddress(address, link))
	return h.change(request)
}

// promoteSecondariesSetting is IPV4_DEVCONF_PROMOTE_SECONDARIES of linux/ip.h.
const promoteSecondariesSetting = 20

func (h *Handle) promoteSecondaries(link int) (int32, error) {
	request := h.request(unix.RTM_GETLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(link)
	request.AddData(header)
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err == nil && len(messages) == 0 {
		err = unix.ENODEV
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read promote_secondaries: %w", err)
	}
	found, err := decodeLink(messages[0], &settings{})
	if err != nil || len(found.IPv4) < promoteSecondariesSetting {
		return 0, err
	}
	return found.IPv4[promoteSecondariesSetting-1], nil
}

// setPromoteSecondaries goes through netlink, since containers may have a read-only /proc/sys.
func (h *Handle) setPromoteSecondaries(link int, value uint32) error {
	setting := appendNumber(nil, promoteSecondariesSetting, value)
	inet := appendAttribute(nil, unix.IFLA_INET_CONF, setting)
	protocols := appendAttribute(nil, unix.AF_INET, inet)
	request := h.request(unix.RTM_SETLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(link)
	request.AddData(header)
	request.AddRawData(appendAttribute(nil, unix.IFLA_AF_SPEC, protocols))
	if err := h.change(request); err != nil {
		return fmt.Errorf("cannot set promote_secondaries: %w", err)
	}
	return nil
}
