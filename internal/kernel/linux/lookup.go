package linux

import (
	"encoding/binary"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// skipStatistics is RTEXT_FILTER_SKIP_STATS of linux/rtnetlink.h.
const skipStatistics = 1 << 3

// index is the number of the link of that name.
func (h *Handle) index(name string) (int, error) {
	if index, known := h.indexes[name]; known {
		return index, nil
	}
	request := h.request(unix.RTM_GETLINK, 0)
	request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	request.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStatistics)))
	request.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err != nil {
		return 0, fmt.Errorf("cannot find link %s: %w", name, err)
	}
	if len(messages) == 0 || len(messages[0]) < unix.SizeofIfInfomsg {
		return 0, fmt.Errorf("cannot find link %s: %w", name, unix.ENODEV)
	}
	index := int(int32(binary.NativeEndian.Uint32(messages[0][4:8])))
	h.remember(name, index)
	return index, nil
}

// nameOf is the name of a link seen before, or "".
func (h *Handle) nameOf(index int) string { return h.names[index] }

func (h *Handle) remember(name string, index int) {
	h.indexes[name] = index
	h.names[index] = name
}

// forget drops what a change of links may have made wrong.
func (h *Handle) forget(name string) {
	delete(h.names, h.indexes[name])
	delete(h.indexes, name)
}
