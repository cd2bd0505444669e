package linux

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// EgressLink is the link by which the kernel would send to an address.
func (h *Handle) EgressLink(target netip.Addr) (string, error) {
	target = target.Unmap()
	request := h.request(unix.RTM_GETROUTE, 0)
	family := unix.AF_INET6
	if target.Is4() {
		family = unix.AF_INET
	}
	request.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: uint8(family), Dst_len: uint8(target.BitLen())}})
	request.AddData(nl.NewRtAttr(unix.RTA_DST, target.AsSlice()))
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	if err != nil {
		return "", fmt.Errorf("cannot find the route to %s: %w", target, err)
	}
	for _, message := range messages {
		attributes, err := nl.ParseRouteAttr(message[unix.SizeofRtMsg:])
		if err != nil {
			return "", fmt.Errorf("cannot read the route to %s: %w", target, err)
		}
		for _, attribute := range attributes {
			if attribute.Attr.Type == unix.RTA_OIF && len(attribute.Value) == 4 {
				index := int(binary.NativeEndian.Uint32(attribute.Value))
				if err := h.knowLinks(map[int]bool{index: true}); err != nil {
					return "", err
				}
				return h.nameOf(index), nil
			}
		}
	}
	return "", fmt.Errorf("there is no route to %s", target)
}
