package linux

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// From linux/pkt_sched.h.
const (
	queueingRoot    = 0xffffffff // TC_H_ROOT
	queueingIngress = clsactParent
	sizeofTcMsg     = 20
)

// QueueingDisciplines lists what is at the roots of the named links. Of a link that has never been up there is none.
func (h *Handle) QueueingDisciplines(links map[string]bool) (map[string][]kernel.QueueingDiscipline, error) {
	found := map[string][]kernel.QueueingDiscipline{}
	request := h.request(unix.RTM_GETQDISC, 0)
	request.AddData(tcmsg(0, 0, 0, 0))
	err := h.dump(request, func() { clear(found) }, func(message []byte) error {
		if len(message) < sizeofTcMsg {
			return fmt.Errorf("the kernel sent a queueing discipline of %d bytes", len(message))
		}
		name := h.nameOf(int(int32(binary.NativeEndian.Uint32(message[4:8]))))
		parent := binary.NativeEndian.Uint32(message[12:16])
		if !links[name] || (parent != queueingRoot && parent != queueingIngress) {
			return nil
		}
		one := kernel.QueueingDiscipline{Handle: binary.NativeEndian.Uint32(message[8:12]),
			Ingress: parent == queueingIngress}
		err := eachAttribute(message[sizeofTcMsg:], func(typ uint16, data []byte) error {
			switch typ {
			case nl.TCA_KIND:
				one.Kind = nl.BytesToString(data)
			case nl.TCA_OPTIONS:
				one.Options = slices.Clone(data)
			}
			return nil
		})
		found[name] = append(found[name], one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the queueing disciplines: %w", err)
	}
	return found, nil
}

// SetQueueingDiscipline replaces what is at the root of a link.
func (h *Handle) SetQueueingDiscipline(link string, discipline kernel.QueueingDiscipline) error {
	index, err := h.index(link)
	if err != nil {
		return err
	}
	// The kernel's own choice, whose handle is 0, is no one's to delete (tc_get_qdisc): something else must replace it.
	replacement := discipline
	if discipline.Kind == "" {
		replacement = kernel.QueueingDiscipline{Kind: "pfifo", Handle: 1 << 16}
	}
	message := h.request(unix.RTM_NEWQDISC, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	message.AddData(tcmsg(index, replacement.Handle, queueingRoot, 0))
	message.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated(replacement.Kind)))
	if len(replacement.Options) > 0 {
		options, err := asSet(replacement)
		if err != nil {
			return err
		}
		message.AddData(nl.NewRtAttr(nl.TCA_OPTIONS, options))
	}
	if err := h.change(message); err != nil || discipline.Kind != "" {
		return err
	}
	message = h.request(unix.RTM_DELQDISC, 0)
	message.AddData(tcmsg(index, 0, queueingRoot, 0))
	return h.change(message)
}

// codelTimes are the times of codel and of fq_codel, by their numbers in linux/pkt_sched.h.
var codelTimes = map[string][]uint16{"codel": {1, 3, 5}, "fq_codel": {1, 3, 7}}

// asSet gives options as they have to be set for the kernel to tell them as they were read. It keeps times of codel in
// units of 1.024 microseconds, and rounds down both when it is told them and when it tells them (codel_time_to_us in
// net/codel.h).
func asSet(discipline kernel.QueueingDiscipline) ([]byte, error) {
	times := codelTimes[discipline.Kind]
	if times == nil {
		return discipline.Options, nil
	}
	var out []byte
	err := eachAttribute(discipline.Options, func(typ uint16, data []byte) error {
		data = slices.Clone(data)
		if slices.Contains(times, typ) && len(data) == 4 && number32(data) > 0 {
			binary.NativeEndian.PutUint32(data, number32(data)+1)
		}
		out = append(out, nl.NewRtAttr(int(typ), data).Serialize()...)
		return nil
	})
	return out, err
}
