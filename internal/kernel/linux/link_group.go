package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// DeleteLinks puts the links into a group of their own and removes that: the kernel then waits once for all of them
// that nobody uses a link any more, which takes tens of milliseconds (synchronize_net in unregister_netdevice_many).
func (h *Handle) DeleteLinks(names []string) error {
	before, err := h.linkGroups()
	if err != nil {
		return err
	}
	group := freeGroup(before)
	indexes := make([]int, len(names))
	for i, name := range names {
		if indexes[i], err = h.index(name); err != nil {
			return err
		}
	}
	for i, index := range indexes {
		if err := h.setGroup(index, group); err != nil {
			return errors.Join(fmt.Errorf("link %s: %w", names[i], err), h.regroup(indexes[:i], before))
		}
	}
	message := h.request(unix.RTM_DELLINK, 0)
	message.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	message.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(group)))
	if err := h.change(message); err != nil {
		return errors.Join(err, h.regroup(indexes, before))
	}
	clear(h.indexes)
	clear(h.names)
	return nil
}

// linkGroups are the groups of all links, by number.
func (h *Handle) linkGroups() (map[int]uint32, error) {
	groups := map[int]uint32{}
	request := h.request(unix.RTM_GETLINK, 0)
	request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	request.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStatistics)))
	err := h.dump(request, func() { clear(groups) }, func(message []byte) error {
		if len(message) < unix.SizeofIfInfomsg {
			return fmt.Errorf("the kernel sent a link message of %d bytes", len(message))
		}
		index := int(int32(binary.NativeEndian.Uint32(message[4:8])))
		groups[index] = 0
		return eachAttribute(message[unix.SizeofIfInfomsg:], func(typ uint16, data []byte) error {
			switch typ {
			case unix.IFLA_GROUP:
				groups[index] = number32(data)
			case unix.IFLA_IFNAME:
				h.remember(nl.BytesToString(data), index)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the links: %w", err)
	}
	return groups, nil
}

// freeGroup is the highest group that no link is in; group 0 is everybody's.
func freeGroup(groups map[int]uint32) uint32 {
	taken := map[uint32]bool{}
	for _, group := range groups {
		taken[group] = true
	}
	free := uint32(math.MaxInt32)
	for taken[free] {
		free--
	}
	return free
}

func (h *Handle) setGroup(index int, group uint32) error {
	message := h.request(unix.RTM_NEWLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	message.AddData(header)
	message.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(group)))
	return h.change(message)
}

// regroup puts links back into the groups that they were in.
func (h *Handle) regroup(indexes []int, before map[int]uint32) error {
	var failures []error
	for _, index := range indexes {
		failures = append(failures, h.setGroup(index, before[index]))
	}
	return errors.Join(failures...)
}
