package linux

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// A kilobit is 125 bytes.
const bytesPerKilobit = 125

// burst is what passes at once: a veth hands over packets of up to 64 KiB before they are cut, and a timer that ticks a
// hundred times a second must be able to keep up.
func burst(bytesPerSecond uint32) uint32 {
	const largestPacket, ticks = 128 << 10, 100
	return max(largestPacket, bytesPerSecond/ticks)
}

// shaper is a handle of the library's own, since it has these messages.
func (h *Handle) shaper() (*netlink.Handle, error) {
	if h.namespace == "" {
		return netlink.NewHandle(unix.NETLINK_ROUTE)
	}
	target, err := kernel.OpenNamespace(h.namespace)
	if err != nil {
		return nil, fmt.Errorf("cannot open namespace %s: %w", h.namespace, err)
	}
	defer func() { _ = target.Close() }()
	return netlink.NewHandleAt(netns.NsHandle(target.Fd()), unix.NETLINK_ROUTE)
}

// Rates reads the token buckets of all links, and what polices the frames that come in from their other ends.
func (h *Handle) Rates() (map[int]kernel.Rate, error) {
	shaper, err := h.shaper()
	if err != nil {
		return nil, err
	}
	defer shaper.Close()
	qdiscs, err := repeat(func() ([]netlink.Qdisc, error) { return shaper.QdiscList(nil) })
	if err != nil {
		return nil, fmt.Errorf("cannot list queueing disciplines: %w", err)
	}
	rates := map[int]kernel.Rate{}
	for _, qdisc := range qdiscs {
		index := qdisc.Attrs().LinkIndex
		rate := rates[index]
		switch one := qdisc.(type) {
		case *netlink.Tbf:
			rate.Down = uint32(one.Rate / bytesPerKilobit)
		case *netlink.Ingress:
			if rate.Up, err = policed(shaper, index); err != nil {
				return nil, err
			}
		}
		if rate != (kernel.Rate{}) {
			rates[index] = rate
		}
	}
	return rates, nil
}

// repeat asks again when the list changed while it was read.
func repeat[T any](list func() (T, error)) (out T, err error) {
	for range tries {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) && !errors.Is(err, unix.EINTR) {
			return out, err
		}
	}
	return out, err
}

func policed(shaper *netlink.Handle, index int) (uint32, error) {
	link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
	filters, err := repeat(func() ([]netlink.Filter, error) { return shaper.FilterList(link, ingress) })
	if errors.Is(err, unix.ENODEV) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot list the filters of the link with number %d: %w", index, err)
	}
	for _, filter := range filters {
		all, ok := filter.(*netlink.MatchAll)
		if !ok {
			continue
		}
		for _, action := range all.Actions {
			if police, ok := action.(*netlink.PoliceAction); ok {
				return police.Rate / bytesPerKilobit, nil
			}
		}
	}
	return 0, nil
}

// ingress is where what comes in is looked at (TC_H_INGRESS of linux/pkt_sched.h, which filters call ffff:).
var ingress = netlink.MakeHandle(0xffff, 0)

// SetDownRate holds back what goes out of the link.
func (h *Handle) SetDownRate(link string, kilobits uint32) error {
	return h.shape(link, func(shaper *netlink.Handle, index int) error {
		bucket := &netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: index, Parent: netlink.HANDLE_ROOT, Handle: netlink.MakeHandle(1, 0)}}
		if kilobits == 0 {
			return shaper.QdiscDel(bucket)
		}
		rate := kilobits * bytesPerKilobit
		// What is held back for longer than this is dropped.
		const fractionOfSecond = 20
		bucket.Rate, bucket.Limit = uint64(rate), rate/fractionOfSecond+burst(rate)
		bucket.Buffer = netlink.Xmittime(uint64(rate), burst(rate))
		return shaper.QdiscReplace(bucket)
	})
}

// SetUpRate drops what comes in too fast: that happens here, out of reach of whoever is at the other end.
func (h *Handle) SetUpRate(link string, kilobits uint32) error {
	return h.shape(link, func(shaper *netlink.Handle, index int) error {
		entry := &netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: index, Parent: netlink.HANDLE_INGRESS, Handle: ingress}}
		// A filter that matches all cannot be replaced (mall_change in net/sched/cls_matchall.c).
		gone := shaper.QdiscDel(entry)
		if kilobits == 0 {
			return gone
		}
		if err := shaper.QdiscAdd(entry); err != nil {
			return err
		}
		police := netlink.NewPoliceAction()
		police.Rate = kilobits * bytesPerKilobit
		police.Burst, police.Mtu = burst(police.Rate), 128<<10
		police.ExceedAction = netlink.TC_POLICE_SHOT
		err := shaper.FilterReplace(&netlink.MatchAll{
			FilterAttrs: netlink.FilterAttrs{LinkIndex: index, Parent: ingress, Priority: 1, Handle: 1,
				Protocol: unix.ETH_P_ALL},
			Actions: []netlink.Action{police},
		})
		if err != nil {
			err = errors.Join(err, shaper.QdiscDel(entry))
		}
		return err
	})
}

func (h *Handle) shape(link string, do func(shaper *netlink.Handle, index int) error) error {
	index, err := h.index(link)
	if err != nil {
		return err
	}
	shaper, err := h.shaper()
	if err != nil {
		return err
	}
	defer shaper.Close()
	if err := do(shaper, index); err != nil {
		return fmt.Errorf(
			"cannot limit the rate of link %s (does this kernel have sch_tbf, sch_ingress, cls_matchall and act_police?): %w",
			link, err)
	}
	return nil
}
