package linux

import (
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// AddAlternativeNames gives a link names beside its own.
func (h *Handle) AddAlternativeNames(link string, names []string) error {
	return h.changeAlternativeNames(unix.RTM_NEWLINKPROP, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_APPEND, link, names)
}

// DeleteAlternativeNames takes names from a link.
func (h *Handle) DeleteAlternativeNames(link string, names []string) error {
	return h.changeAlternativeNames(unix.RTM_DELLINKPROP, 0, link, names)
}

func (h *Handle) changeAlternativeNames(messageType, flags int, link string, names []string) error {
	index, err := h.index(link)
	if err != nil {
		return err
	}
	message := h.request(messageType, flags)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	message.AddData(header)
	list := nl.NewRtAttr(unix.IFLA_PROP_LIST|unix.NLA_F_NESTED, nil)
	for _, name := range names {
		list.AddRtAttr(unix.IFLA_ALT_IFNAME, nl.ZeroTerminated(name))
	}
	message.AddData(list)
	return h.change(message)
}
