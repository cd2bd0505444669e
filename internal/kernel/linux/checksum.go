package linux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// nftables cannot compute a checksum, and the iptables target that does works only in tables that belong to iptables.
// The traffic control of the link can (tc-csum(8)); libvirt settled on the same.
const (
	clsact        = "clsact"
	clsactHandle  = 0xffff0000
	clsactParent  = 0xfffffff1 // TC_H_CLSACT of linux/pkt_sched.h
	clsactIngress = 0xfffffff2
	clsactEgress  = 0xfffffff3
	// checksumPriority marks our filter: DHCP's client port.
	checksumPriority = 68
)

// checksumModules are loaded by the kernel itself when they are asked for.
var checksumModules = []string{"sch_ingress", "cls_u32", "act_csum"}

// CanFillChecksums looks for the modules in the kernel and in its lists.
func (h *Handle) CanFillChecksums() bool {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return false
	}
	folder := filepath.Join("/lib/modules", strings.TrimSpace(string(release)))
	var lists []byte
	for _, name := range []string{"modules.builtin", "modules.dep"} {
		list, _ := os.ReadFile(filepath.Join(folder, name))
		lists = append(lists, list...)
	}
	for _, module := range checksumModules {
		_, err := os.Stat(filepath.Join("/sys/module", module))
		if err != nil && !bytes.Contains(lists, []byte("/"+module+".ko")) {
			return false
		}
	}
	return true
}

// selector is struct tc_u32_sel with two keys (linux/pkt_cls.h): protocol UDP, and destination port 68 behind an IPv4
// header without options, as dnsmasq sends it.
func selector() []byte {
	out := make([]byte, 16)
	out[0], out[2] = 1, 2 // TC_U32_TERMINAL, number of keys
	key := func(mask, value, offset uint32) {
		out = binary.BigEndian.AppendUint32(out, mask)
		out = binary.BigEndian.AppendUint32(out, value)
		out = binary.NativeEndian.AppendUint32(out, offset)
		out = binary.NativeEndian.AppendUint32(out, 0)
	}
	key(0x00ff0000, unix.IPPROTO_UDP<<16, 8)
	key(0x0000ffff, 68, 20)
	return out
}

// From linux/pkt_cls.h and linux/tc_act/tc_csum.h.
const (
	tcaU32Selector    = 5
	tcaU32Action      = 7
	tcaActionKind     = 1
	tcaActionOptions  = 2
	tcaChecksumParms  = 1
	checksumUDP       = 16
	continueWithOther = 0xffffffff // TC_ACT_UNSPEC: filters of others see the packet too
)

// header is the fixed part of a message, ahead of its attributes.
type header []byte

func (h header) Len() int          { return len(h) }
func (h header) Serialize() []byte { return h }

// tcmsg is struct tcmsg of linux/rtnetlink.h.
func tcmsg(index int, handle, parent, info uint32) header {
	out := make(header, 4, 20)
	out = binary.NativeEndian.AppendUint32(out, uint32(index))
	out = binary.NativeEndian.AppendUint32(out, handle)
	out = binary.NativeEndian.AppendUint32(out, parent)
	return binary.NativeEndian.AppendUint32(out, info)
}

// filterInfo is a filter's priority and its protocol in network order.
func filterInfo() uint32 {
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP))
	return checksumPriority<<16 | uint32(protocol)
}

// FillsChecksums looks for our filter on the link.
func (h *Handle) FillsChecksums(link string) (bool, error) {
	index, err := h.index(link)
	if errors.Is(err, unix.ENODEV) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	found := false
	_, err = h.filters(index, clsactEgress, func(info uint32, attributes []byte) error {
		if info != filterInfo() {
			return nil
		}
		return eachAttribute(attributes, func(typ uint16, data []byte) error {
			if typ != unix.TCA_OPTIONS {
				return nil
			}
			selected, acts := false, false
			err := eachAttribute(data, func(typ uint16, data []byte) error {
				selected = selected || typ == tcaU32Selector && bytes.Equal(data, selector())
				acts = acts || typ == tcaU32Action
				return nil
			})
			found = found || selected && acts
			return err
		})
	})
	return found, err
}

// filters calls each for every filter of one direction of a link, and tells how many there are.
func (h *Handle) filters(index int, parent uint32, each func(info uint32, attributes []byte) error) (int, error) {
	count := 0
	request := h.request(unix.RTM_GETTFILTER, 0)
	request.AddData(tcmsg(index, 0, parent, 0))
	err := h.dump(request, func() { count = 0 }, func(message []byte) error {
		const length = 20
		if len(message) < length {
			return fmt.Errorf("the kernel sent a filter message of %d bytes", len(message))
		}
		count++
		if each == nil {
			return nil
		}
		return each(binary.NativeEndian.Uint32(message[16:]), message[length:])
	})
	// Without a queueing discipline to hold them there are no filters.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot list the traffic filters: %w", err)
	}
	return count, nil
}

// FillChecksums adds or removes our filter, and the clsact discipline with the last filter in it.
func (h *Handle) FillChecksums(link string, on bool) error {
	index, err := h.index(link)
	if err != nil {
		return err
	}
	if !on {
		return h.removeChecksums(link, index)
	}
	if done, err := h.FillsChecksums(link); done || err != nil {
		return err // a second filter would be added beside the first
	}
	discipline := h.request(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	discipline.AddData(tcmsg(index, clsactHandle, clsactParent, 0))
	discipline.AddData(nl.NewRtAttr(unix.TCA_KIND, nl.ZeroTerminated(clsact)))
	if err := h.change(discipline); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("link %s: cannot add the queueing discipline clsact: %w", link, err)
	}
	filter := h.request(unix.RTM_NEWTFILTER, unix.NLM_F_CREATE)
	filter.AddData(tcmsg(index, 0, clsactEgress, filterInfo()))
	filter.AddData(nl.NewRtAttr(unix.TCA_KIND, nl.ZeroTerminated("u32")))
	options := nl.NewRtAttr(unix.TCA_OPTIONS, nil)
	options.AddRtAttr(tcaU32Selector, selector())
	action := options.AddRtAttr(tcaU32Action, nil).AddRtAttr(1, nil)
	action.AddRtAttr(tcaActionKind, nl.ZeroTerminated("csum"))
	parameters := make([]byte, 24) // struct tc_csum: index, capabilities, action, two counts, what to update
	binary.NativeEndian.PutUint32(parameters[8:], continueWithOther)
	binary.NativeEndian.PutUint32(parameters[20:], checksumUDP)
	action.AddRtAttr(tcaActionOptions, nil).AddRtAttr(tcaChecksumParms, parameters)
	filter.AddData(options)
	if err := h.change(filter); err != nil {
		return fmt.Errorf("link %s: cannot fill the checksums of DHCP answers: %w", link, err)
	}
	return nil
}

func (h *Handle) removeChecksums(link string, index int) error {
	filter := h.request(unix.RTM_DELTFILTER, 0)
	filter.AddData(tcmsg(index, 0, clsactEgress, filterInfo()))
	filter.AddData(nl.NewRtAttr(unix.TCA_KIND, nl.ZeroTerminated("u32")))
	if err := h.change(filter); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("link %s: cannot remove the filter of DHCP answers: %w", link, err)
	}
	left := 0
	for _, parent := range []uint32{clsactEgress, clsactIngress} {
		count, err := h.filters(index, parent, nil)
		if err != nil {
			return err
		}
		left += count
	}
	if left > 0 {
		return nil // others use the discipline
	}
	discipline := h.request(unix.RTM_DELQDISC, 0)
	discipline.AddData(tcmsg(index, clsactHandle, clsactParent, 0))
	if err := h.change(discipline); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("link %s: cannot remove the queueing discipline clsact: %w", link, err)
	}
	return nil
}
