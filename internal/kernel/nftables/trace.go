package nftables

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Blocker is what drops a packet.
type Blocker struct {
	Family       Family
	Table, Chain string
	// Base is the chain that the kernel called, from which others are reached.
	Base string
	// Policy tells that no rule of the base chain let the packet through; else a rule dropped it.
	Policy bool
	// Rule describes that rule, with its place in the chain.
	Rule string
	// Comment is that of the rule.
	Comment string
	// Legacy tells that the table is one of iptables-legacy.
	Legacy bool
}

func (b Blocker) String() string {
	table := fmt.Sprintf("%s %s", b.Family, b.Table)
	if b.Legacy {
		table = map[Family]string{IPv4: "iptables-legacy ", IPv6: "ip6tables-legacy "}[b.Family] + b.Table
	}
	if b.Policy {
		return fmt.Sprintf("the policy of chain %s %s", table, b.Chain)
	}
	return fmt.Sprintf("a rule in chain %s %s (%s)", table, b.Chain, b.Rule)
}

// Blocked follows the packet through the base chains of the tables and tells where it surely ends. A rule that may or
// may not let it through counts as letting it through, so what comes back is never a false alarm. It is general where
// no rule has asked for the destination of the packet: then it holds for every destination.
func Blocked(tables []*Table, packet Packet) (blockers []Blocker, general bool) {
	general = true
	for _, table := range tables {
		if table.Family != INet && (table.Family != IPv4 || packet.is6()) && (table.Family != IPv6 || !packet.is6()) {
			continue
		}
		for i := range table.Chains {
			chain := &table.Chains[i]
			if chain.Hook != packet.Hook || chain.Type != "filter" {
				continue
			}
			w := walk{table: table, packet: &packet, base: chain.Name}
			switch outcome := w.through(chain, 0); {
			case outcome == dropped:
				blockers = append(blockers, w.blocker)
			case outcome == passed && chain.Drop && !w.maybe:
				blockers = append(blockers, Blocker{Family: table.Family, Table: table.Name, Chain: chain.Name, Base: chain.Name,
					Policy: true, Legacy: table.Legacy})
			}
			general = general && !w.particular
		}
	}
	return blockers, general
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
	packet  *Packet
	base    string
	blocker Blocker
	// steps counts rules: those of a table that jumps in circles never end.
	steps int
	// particular tells that a rule asked for the destination.
	particular bool
	// maybe tells that a rule that was passed over may have let the packet through.
	maybe bool
}

// deepest bounds jumps, as NFT_JUMP_STACK_SIZE does in the kernel; longest bounds the rules that are looked at.
const (
	deepest = 16
	longest = 1 << 17
)

func (w *walk) through(chain *Chain, depth int) outcome {
	if chain == nil || depth > deepest {
		return unsure
	}
	mayReturn := false
	for number, rule := range chain.Rules {
		if w.steps++; w.steps > longest {
			w.maybe = true
			return unsure
		}
		matches, verdict, target := w.evaluate(rule)
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
			return w.drop(chain, number, verdict, mayReturn)
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
func (w *walk) drop(chain *Chain, number int, verdict string, mayReturn bool) outcome {
	switch {
	case w.maybe:
		return unsure
	case mayReturn:
		// It is dropped here, or goes on where it came from: what comes there decides.
		return passed
	case verdict == "drop":
		rule := chain.Rules[number]
		w.blocker = Blocker{
			Family: w.table.Family, Table: w.table.Name, Chain: chain.Name, Base: w.base, Legacy: w.table.Legacy,
			Rule: rule.describe(number+1, w.table), Comment: rule.Comment(),
		}
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
func (w *walk) evaluate(rule Rule) (matches match, verdict, target string) {
	matches = yes
	registers := map[uint32][]byte{}
	for _, e := range w.table.parsed(rule) {
		one := yes
		switch e.name {
		case "meta":
			key := expr.MetaKey(e.number(unix.NFTA_META_KEY))
			w.particular = w.particular || key == expr.MetaKeyL4PROTO
			registers[e.number(unix.NFTA_META_DREG)] = w.packet.meta(key)
		case "payload":
			w.particular = true
			registers[e.number(unix.NFTA_PAYLOAD_DREG)] = w.packet.payload(e)
		case "ct":
			registers[e.number(unix.NFTA_CT_DREG)] = w.packet.connection(e)
		case "bitwise":
			registers[e.number(unix.NFTA_BITWISE_DREG)] = masked(registers[e.number(unix.NFTA_BITWISE_SREG)], e)
		case "cmp":
			one = compared(registers[e.number(unix.NFTA_CMP_SREG)], e)
		case "range":
			one = within(registers[e.number(unix.NFTA_RANGE_SREG)], e)
		case "match":
			w.particular = true
			one = w.packet.extension(e)
		case "immediate":
			if kind, chain := verdictOf(e.get(unix.NFTA_IMMEDIATE_DATA)); kind != "" {
				verdict, target = kind, chain
			}
		case "lookup":
			var kind, chain string
			if one, kind, chain = w.table.lookup(registers[e.number(unix.NFTA_LOOKUP_SREG)], e); kind != "" {
				verdict, target = kind, chain
			}
		case "reject":
			verdict = "drop"
		case "target":
			if isReject(unix.ByteSliceToString(e.get(unix.NFTA_TARGET_NAME))) {
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

// parsed are a rule's expressions, taken apart once.
func (t *Table) parsed(rule Rule) []expression {
	if t.expressions == nil {
		t.expressions = map[*byte][]expression{}
	}
	if len(rule.Expressions) == 0 {
		return nil
	}
	known, is := t.expressions[&rule.Expressions[0]]
	if !is {
		known = expressions(rule.Expressions)
		t.expressions[&rule.Expressions[0]] = known
	}
	return known
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

// within is a comparison with the two ends of a range.
func within(value []byte, e expression) match {
	first, last := valueIn(e.get(unix.NFTA_RANGE_FROM_DATA)), valueIn(e.get(unix.NFTA_RANGE_TO_DATA))
	if value == nil || len(first) != len(value) || len(last) != len(value) {
		return perhaps
	}
	inside := bytes.Compare(first, value) <= 0 && bytes.Compare(value, last) <= 0
	return truth(inside == (e.number(unix.NFTA_RANGE_OP) == unix.NFT_RANGE_EQ))
}
