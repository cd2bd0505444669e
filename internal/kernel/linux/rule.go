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

// Rules lists the rules of IPv4 and IPv6.
func (h *Handle) Rules() ([]kernel.Rule, error) {
	var rules []kernel.Rule
	request := h.request(unix.RTM_GETRULE, 0)
	request.AddData(&nl.RtMsg{})
	err := h.dump(request, func() { rules = rules[:0] }, func(message []byte) error {
		rule, err := decodeRule(message)
		if err == nil && rule.Family != 0 {
			rules = append(rules, rule)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the rules: %w", err)
	}
	return rules, nil
}

// AddRule adds a rule; the very same rule is an error (EEXIST).
func (h *Handle) AddRule(rule kernel.Rule) error {
	request := h.request(unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	request.AddRawData(encodeRule(rule))
	return h.change(request)
}

// DeleteRule removes the first rule that has all that is given; one that is not there is an error (ENOENT).
func (h *Handle) DeleteRule(rule kernel.Rule) error {
	request := h.request(unix.RTM_DELRULE, 0)
	request.AddRawData(encodeRule(rule))
	return h.change(request)
}

// decodeRule reads a struct fib_rule_hdr, which is laid out as a struct rtmsg, and its attributes. Families other than
// IP, such as multicast routing's, give a rule without Family.
func decodeRule(message []byte) (rule kernel.Rule, err error) {
	if len(message) < unix.SizeofRtMsg {
		return rule, fmt.Errorf("the kernel sent a rule message of %d bytes", len(message))
	}
	if message[0] != unix.AF_INET && message[0] != unix.AF_INET6 {
		return rule, nil
	}
	rule.Family, rule.TOS, rule.Table, rule.Action = message[0], message[3], uint32(message[4]), message[7]
	rule.Invert = number32(message[8:12])&unix.FIB_RULE_INVERT != 0
	rule.SuppressPrefixLength = -1
	toLength, fromLength := message[1], message[2]
	return rule, eachAttribute(message[unix.SizeofRtMsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.FRA_DST:
			rule.To = netip.PrefixFrom(addressOf(data), int(toLength))
		case unix.FRA_SRC:
			rule.From = netip.PrefixFrom(addressOf(data), int(fromLength))
		case unix.FRA_IIFNAME:
			rule.Input = nl.BytesToString(data)
		case unix.FRA_OIFNAME:
			rule.Output = nl.BytesToString(data)
		case unix.FRA_UID_RANGE:
			if len(data) >= 8 {
				rule.UIDs = &kernel.Range{First: number32(data), Last: number32(data[4:])}
			}
		case unix.FRA_SPORT_RANGE:
			rule.SourcePorts = portsOf(data)
		case unix.FRA_DPORT_RANGE:
			rule.DestinationPorts = portsOf(data)
		case unix.FRA_PAD:
		default:
			if !decodeRuleNumber(&rule, typ, data) && !isWholePort(typ, data) {
				rule.Extra = append(rule.Extra, kernel.Attribute{Type: typ, Data: slices.Clone(data)})
			}
		}
		return nil
	})
}

// decodeRuleNumber tells whether it knows the attribute.
func decodeRuleNumber(rule *kernel.Rule, typ uint16, data []byte) bool {
	switch typ {
	case unix.FRA_PRIORITY:
		rule.Priority = number32(data)
	case unix.FRA_TABLE:
		rule.Table = number32(data)
	case unix.FRA_GOTO:
		rule.Goto = number32(data)
	case unix.FRA_FWMARK:
		rule.Mark = number32(data)
	case unix.FRA_FWMASK:
		rule.Mask = number32(data)
	case unix.FRA_SUPPRESS_PREFIXLEN:
		rule.SuppressPrefixLength = int32(number32(data))
	case unix.FRA_IP_PROTO:
		rule.IPProtocol = firstByte(data)
	case unix.FRA_PROTOCOL:
		rule.Protocol = firstByte(data)
	case unix.FRA_L3MDEV:
		rule.L3MDev = firstByte(data) != 0
	default:
		return false
	}
	return true
}

func firstByte(data []byte) uint8 {
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

// portsOf reads a struct fib_rule_port_range.
func portsOf(data []byte) *kernel.Range {
	if len(data) < 4 {
		return nil
	}
	return &kernel.Range{
		First: uint32(binary.NativeEndian.Uint16(data)), Last: uint32(binary.NativeEndian.Uint16(data[2:])),
	}
}

// encodeRule is the inverse of decodeRule.
func encodeRule(rule kernel.Rule) []byte {
	message := []byte{rule.Family, 0, 0, rule.TOS, unix.RT_TABLE_UNSPEC, 0, 0, rule.Action}
	flags := uint32(0)
	if rule.Invert {
		flags = unix.FIB_RULE_INVERT
	}
	message = append(message, nl.Uint32Attr(flags)...)
	if rule.To.IsValid() {
		message[1] = uint8(rule.To.Bits())
		message = appendAttribute(message, unix.FRA_DST, rule.To.Addr().AsSlice())
	}
	if rule.From.IsValid() {
		message[2] = uint8(rule.From.Bits())
		message = appendAttribute(message, unix.FRA_SRC, rule.From.Addr().AsSlice())
	}
	message = appendNumber(message, unix.FRA_PRIORITY, rule.Priority)
	if rule.Input != "" {
		message = appendAttribute(message, unix.FRA_IIFNAME, append([]byte(rule.Input), 0))
	}
	if rule.Output != "" {
		message = appendAttribute(message, unix.FRA_OIFNAME, append([]byte(rule.Output), 0))
	}
	if rule.Table != 0 {
		message = appendNumber(message, unix.FRA_TABLE, rule.Table)
	}
	if rule.Goto != 0 {
		message = appendNumber(message, unix.FRA_GOTO, rule.Goto)
	}
	if rule.Mark != 0 || rule.Mask != 0 {
		message = appendNumber(message, unix.FRA_FWMARK, rule.Mark)
		message = appendNumber(message, unix.FRA_FWMASK, rule.Mask)
	}
	return appendRuleRest(message, rule)
}

func appendRuleRest(message []byte, rule kernel.Rule) []byte {
	if rule.SuppressPrefixLength >= 0 {
		message = appendNumber(message, unix.FRA_SUPPRESS_PREFIXLEN, uint32(rule.SuppressPrefixLength))
	}
	if rule.IPProtocol != 0 {
		message = appendAttribute(message, unix.FRA_IP_PROTO, []byte{rule.IPProtocol})
	}
	if rule.SourcePorts != nil {
		message = appendAttribute(message, unix.FRA_SPORT_RANGE, portRange(rule.SourcePorts))
	}
	if rule.DestinationPorts != nil {
		message = appendAttribute(message, unix.FRA_DPORT_RANGE, portRange(rule.DestinationPorts))
	}
	if rule.UIDs != nil {
		users := binary.NativeEndian.AppendUint32(nil, rule.UIDs.First)
		message = appendAttribute(message, unix.FRA_UID_RANGE, binary.NativeEndian.AppendUint32(users, rule.UIDs.Last))
	}
	if rule.L3MDev {
		message = appendAttribute(message, unix.FRA_L3MDEV, []byte{1})
	}
	if rule.Protocol != 0 {
		message = appendAttribute(message, unix.FRA_PROTOCOL, []byte{rule.Protocol})
	}
	return appendAll(message, rule.Extra)
}

// portRange is the inverse of portsOf.
func portRange(ports *kernel.Range) []byte {
	out := binary.NativeEndian.AppendUint16(nil, uint16(ports.First))
	return binary.NativeEndian.AppendUint16(out, uint16(ports.Last))
}

// From linux/fib_rules.h, since Linux 6.15.
const (
	sportMask = 28 // FRA_SPORT_MASK
	dportMask = 29 // FRA_DPORT_MASK
)

// isWholePort tells the mask that the kernel notes by itself for ports that are not masked (fib_nl2rule_port_mask in
// net/core/fib_rules.c).
func isWholePort(typ uint16, data []byte) bool {
	return (typ == sportMask || typ == dportMask) && len(data) == 2 && data[0] == 0xff && data[1] == 0xff
}
