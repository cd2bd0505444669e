package nftables

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Packet is what is known of a packet that opens a connection. Whatever is not here can be anything.
type Packet struct {
	Hook     string // input or forward
	From     string // the link that it came in by
	To       string // the link that it goes out by, "" where that is not known
	Source   netip.Addr
	Protocol string // tcp or udp
	Port     uint16 // destination; 0 where that is not known
}

// Blocker is what drops a packet.
type Blocker struct {
	Family       Family
	Table, Chain string
	// Policy tells that no rule of the base chain let the packet through; else a rule dropped it.
	Policy bool
}

func (b Blocker) String() string {
	if b.Policy {
		return fmt.Sprintf("the policy of chain %s %s %s", b.Family, b.Table, b.Chain)
	}
	return fmt.Sprintf("a rule in chain %s %s %s", b.Family, b.Table, b.Chain)
}

// Blocked follows the packet through the base chains of the tables and tells where it surely ends. A rule that may or
// may not let it through counts as letting it through, so what comes back is never a false alarm.
func Blocked(tables []*Table, packet Packet) []Blocker {
	var blockers []Blocker
	for _, table := range tables {
		if table.Family != INet && (table.Family == IPv4) != packet.Source.Is4() {
			continue
		}
		if table.Family != INet && table.Family != IPv4 && table.Family != IPv6 {
			continue
		}
		for i := range table.Chains {
			chain := &table.Chains[i]
			if chain.Hook != packet.Hook || chain.Type != "filter" {
				continue
			}
			w := walk{table: table, packet: packet}
			switch outcome := w.through(chain, 0); {
			case outcome == dropped:
				blockers = append(blockers, w.blocker)
			case outcome == passed && chain.Drop && !w.maybe:
				blockers = append(blockers, Blocker{Family: table.Family, Table: table.Name, Chain: chain.Name, Policy: true})
			}
		}
	}
	return blockers
}

type outcome int

const (
	passed outcome = iota // the end of the chain was reached
	accepted
	dropped
	unsure
)

type walk struct {
	table   *Table
	packet  Packet
	blocker Blocker
	// maybe tells that a rule that was passed over may have let the packet through.
	maybe bool
}

// deepest bounds jumps, as NFT_JUMP_STACK_SIZE does in the kernel.
const deepest = 16

func (w *walk) through(chain *Chain, depth int) outcome {
	if chain == nil || depth > deepest {
		return unsure
	}
	mayReturn := false
	for _, rule := range chain.Rules {
		matches, verdict, target := w.packet.evaluate(w.table, rule)
		if matches == no || verdict == "" {
			continue
		}
		result := w.follow(verdict, target, depth)
		if matches == perhaps {
			w.maybe = w.maybe || result == accepted || result == unsure
			mayReturn = mayReturn || verdict == "return" || verdict == "goto" && result == passed
			continue
		}
		if result == dropped {
			return w.drop(chain, verdict, mayReturn)
		}
		if result != passed {
			return result
		}
		if verdict == "return" || verdict == "goto" {
			return passed
		}
	}
	return passed
}

// drop is where a packet ends that a rule surely drops, if it gets that far.
func (w *walk) drop(chain *Chain, verdict string, mayReturn bool) outcome {
	switch {
	case w.maybe:
		return unsure
	case mayReturn:
		// It is dropped here, or goes on where it came from: what comes there decides.
		return passed
	case verdict == "drop":
		w.blocker = Blocker{Family: w.table.Family, Table: w.table.Name, Chain: chain.Name}
	}
	return dropped
}

// follow is where a rule's verdict leads.
func (w *walk) follow(verdict, target string, depth int) outcome {
	switch verdict {
	case "accept":
		return accepted
	case "drop":
		return dropped
	case "jump", "goto":
		return w.through(w.table.Chain(target), depth+1)
	}
	return passed
}

// match is an answer in three-valued logic.
type match int

const (
	no match = iota
	perhaps
	yes
)

// evaluate runs a rule's expressions over what is known of the packet.
func (p Packet) evaluate(table *Table, rule Rule) (matches match, verdict, target string) {
	matches = yes
	registers := map[uint32][]byte{}
	for _, e := range expressions(rule.Expressions) {
		one := yes
		switch e.name {
		case "meta":
			registers[e.number(unix.NFTA_META_DREG)] = p.meta(expr.MetaKey(e.number(unix.NFTA_META_KEY)))
		case "payload":
			registers[e.number(unix.NFTA_PAYLOAD_DREG)] = p.payload(e)
		case "ct":
			registers[e.number(unix.NFTA_CT_DREG)] = p.connection(e)
		case "bitwise":
			registers[e.number(unix.NFTA_BITWISE_DREG)] = masked(registers[e.number(unix.NFTA_BITWISE_SREG)], e)
		case "cmp":
			one = compared(registers[e.number(unix.NFTA_CMP_SREG)], e)
		case "match":
			one = p.extension(e)
		case "immediate":
			if kind, chain := verdictOf(e.get(unix.NFTA_IMMEDIATE_DATA)); kind != "" {
				verdict, target = kind, chain
			}
		case "lookup":
			var kind, chain string
			if one, kind, chain = table.lookup(registers[e.number(unix.NFTA_LOOKUP_SREG)], e); kind != "" {
				verdict, target = kind, chain
			}
		case "reject":
			verdict = "drop"
		case "target":
			if unix.ByteSliceToString(e.get(unix.NFTA_TARGET_NAME)) == "REJECT" {
				verdict = "drop"
			}
		case "counter", "log", "nat", "masq", "redir":
		default:
			one = perhaps
			registers = map[uint32][]byte{}
		}
		matches = min(matches, one)
	}
	return matches, verdict, target
}

// verdictOf reads the attributes of a verdict.
func verdictOf(nest []byte) (kind, chain string) {
	for _, data := range attributes(nest) {
		if data.typ != unix.NFTA_DATA_VERDICT {
			continue
		}
		var code int32
		for _, part := range attributes(data.data) {
			switch {
			case part.typ == unix.NFTA_VERDICT_CODE && len(part.data) == 4:
				code = int32(binary.BigEndian.Uint32(part.data))
			case part.typ == unix.NFTA_VERDICT_CHAIN:
				chain = unix.ByteSliceToString(part.data)
			}
		}
		switch code {
		case unix.NFT_RETURN:
			return "return", ""
		case unix.NFT_JUMP:
			return "jump", chain
		case unix.NFT_GOTO:
			return "goto", chain
		case 0: // NF_DROP
			return "drop", ""
		case 1: // NF_ACCEPT
			return "accept", ""
		}
	}
	return "", ""
}

// meta is the value that a rule loads, or nil when it is not known.
func (p Packet) meta(key expr.MetaKey) []byte {
	switch key {
	case expr.MetaKeyIIFNAME:
		return paddedName(p.From)
	case expr.MetaKeyOIFNAME:
		if p.Hook == "input" || p.To != "" {
			return paddedName(p.To)
		}
	case expr.MetaKeyL4PROTO:
		return []byte{protocols[p.Protocol]}
	case expr.MetaKeyNFPROTO:
		if p.Source.Is6() {
			return []byte{unix.NFPROTO_IPV6}
		}
		return []byte{unix.NFPROTO_IPV4}
	}
	return nil
}

func (p Packet) payload(e expression) []byte {
	const sourceAt4, protocolAt4, sourceAt6, portAt = 12, 9, 8, 2
	base, offset, length := e.number(unix.NFTA_PAYLOAD_BASE), e.number(unix.NFTA_PAYLOAD_OFFSET), int(e.number(unix.NFTA_PAYLOAD_LEN))
	source := p.Source.AsSlice()
	switch {
	case base == unix.NFT_PAYLOAD_TRANSPORT_HEADER && p.Port != 0 && offset <= portAt && length >= 2:
		ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, p.sourcePort()), p.Port)
		if int(offset)+length <= len(ports) {
			return ports[offset:][:length]
		}
	case base != unix.NFT_PAYLOAD_NETWORK_HEADER:
	case p.Source.Is4() && offset == protocolAt4 && length == 1:
		return []byte{protocols[p.Protocol]}
	case p.Source.Is4() && offset == sourceAt4 && length <= len(source), p.Source.Is6() && offset == sourceAt6 && length <= len(source):
		// A prefix of whole bytes is matched by loading only these.
		return source[:length]
	}
	return nil
}

// sourcePort is the one that a client has by its protocol (RFC 2131, RFC 8415), or one of those for nothing in particular.
func (p Packet) sourcePort() uint16 {
	const ephemeral = 49152
	if client, known := map[uint16]uint16{67: 68, 547: 546}[p.Port]; known {
		return client
	}
	return ephemeral
}

// connection is new: this is about packets that open one.
func (p Packet) connection(e expression) []byte {
	switch expr.CtKey(e.number(unix.NFTA_CT_KEY)) {
	case expr.CtKeySTATE:
		return binary.NativeEndian.AppendUint32(nil, expr.CtStateBitNEW)
	case expr.CtKeySTATUS:
		return make([]byte, 4)
	}
	return nil
}

func masked(value []byte, e expression) []byte {
	mask, xor := valueIn(e.get(unix.NFTA_BITWISE_MASK)), valueIn(e.get(unix.NFTA_BITWISE_XOR))
	if value == nil || len(mask) != len(value) || len(xor) != len(value) {
		return nil
	}
	out := make([]byte, len(value))
	for i := range out {
		out[i] = value[i]&mask[i] ^ xor[i]
	}
	return out
}

func valueIn(nest []byte) []byte {
	for _, a := range attributes(nest) {
		if a.typ == unix.NFTA_DATA_VALUE {
			return a.data
		}
	}
	return nil
}

func compared(value []byte, e expression) match {
	other := valueIn(e.get(unix.NFTA_CMP_DATA))
	if value == nil || len(other) == 0 || len(other) > len(value) {
		return perhaps
	}
	// A name with a wildcard, such as "lxc*", is compared without its end.
	order := bytes.Compare(value[:len(other)], other)
	holds := map[expr.CmpOp]bool{
		expr.CmpOpEq: order == 0, expr.CmpOpNeq: order != 0, expr.CmpOpLt: order < 0,
		expr.CmpOpLte: order <= 0, expr.CmpOpGt: order > 0, expr.CmpOpGte: order >= 0,
	}[expr.CmpOp(e.number(unix.NFTA_CMP_OP))]
	if holds {
		return yes
	}
	return no
}

// extension is an iptables match. Of these, only that for the state of connections is understood.
func (p Packet) extension(e expression) match {
	name, revision, info := unix.ByteSliceToString(e.get(unix.NFTA_MATCH_NAME)), e.number(unix.NFTA_MATCH_REV), e.get(unix.NFTA_MATCH_INFO)
	// Of struct xt_conntrack_mtinfo2 and 3 in linux/netfilter/xt_conntrack.h: match_flags, invert_flags, state_mask.
	const flagsAt, invertedAt, statesAt, end = 146, 148, 150, 152
	if name != "conntrack" || revision < 2 || revision > 3 || len(info) < end {
		return perhaps
	}
	number := func(at int) uint16 { return binary.NativeEndian.Uint16(info[at:]) }
	const byState = 1 << 0 // XT_CONNTRACK_STATE
	if number(flagsAt) != byState || number(invertedAt) != 0 {
		return perhaps
	}
	const stateNew = 1 << (2 + 1) // XT_CONNTRACK_STATE_BIT(IP_CT_NEW)
	if number(statesAt)&stateNew == 0 {
		return no
	}
	return yes
}
