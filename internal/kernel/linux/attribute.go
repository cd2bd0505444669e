package linux

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// fixed is the fixed part that opens a message. The library puts what it calls raw data at the end.
type fixed []byte

func (f fixed) Len() int          { return len(f) }
func (f fixed) Serialize() []byte { return f }

// eachAttribute walks a run of netlink attributes. The data that it hands out is part of the message.
func eachAttribute(run []byte, f func(typ uint16, data []byte) error) error {
	for len(run) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(run))
		// The two highest bits are flags: nested and network byte order (linux/netlink.h).
		typ := binary.NativeEndian.Uint16(run[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
		if length < unix.SizeofRtAttr || length > len(run) {
			return fmt.Errorf("the kernel sent an attribute of %d bytes in %d", length, len(run))
		}
		if err := f(typ, run[unix.SizeofRtAttr:length]); err != nil {
			return err
		}
		run = run[min(len(run), (length+unix.RTA_ALIGNTO-1)&^(unix.RTA_ALIGNTO-1)):]
	}
	return nil
}

// attributesOf keeps what the message says, which goes with it otherwise.
func attributesOf(run []byte) (kernel.Attributes, error) {
	run = slices.Clone(run)
	const usual = 2 * unix.SizeofRtAttr // most are numbers: growing the list step by step costs more than the reading
	attributes := make(kernel.Attributes, 0, len(run)/usual)
	err := eachAttribute(run, func(typ uint16, data []byte) error {
		attributes = append(attributes, kernel.Attribute{Type: typ, Data: data})
		return nil
	})
	return attributes, err
}

// number32 is 0 for data that is too short, as the kernel never sends.
func number32(data []byte) uint32 {
	if len(data) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(data)
}

// numbers32 are the numbers in the data, or these where they are the same.
func numbers32(data []byte, these []int32) []int32 {
	same := len(these) == len(data)/4
	for i := 0; same && i < len(these); i++ {
		same = these[i] == int32(number32(data[4*i:]))
	}
	if same {
		return these
	}
	numbers := make([]int32, len(data)/4)
	for i := range numbers {
		numbers[i] = int32(number32(data[4*i:]))
	}
	return numbers
}
