package nftables

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// set is a set that stands in a rule itself, such as { 53, 67 }, or a map from values to verdicts. It is read for
// Blocked alone.
type set struct {
	interval bool
	elements []element
}

type element struct {
	key     []byte
	end     bool   // of an interval: the first value after it
	verdict []byte // as in an expression, nil in a plain set
}

// Flags of linux/netfilter/nf_tables.h.
const (
	setAnonymous = 0x1
	setInterval  = 0x4
	elementEnd   = 0x1 // of an interval
	lookupNot    = 0x1
)

// sets reads the anonymous sets of a table, and the maps of one whose contents are wanted. Those of others may be
// large, and may change at any time. Only what is needed is looked at: others have sets of every kind.
func (c *Conn) sets(family Family, table string, contents bool) (map[string]*set, []*Map, error) {
	listed, err := c.dump(unix.NFT_MSG_GETSET, unix.NFT_MSG_NEWSET, family, text(unix.NFTA_SET_TABLE, table))
	if err != nil {
		return nil, nil, err
	}
	var maps []*Map
	out := map[string]*set{}
	for _, one := range listed {
		flags, name := one.number(unix.NFTA_SET_FLAGS), unix.ByteSliceToString(one.get(unix.NFTA_SET_NAME))
		if unix.ByteSliceToString(one.get(unix.NFTA_SET_TABLE)) != table {
			continue
		}
		if contents && flags&setAnonymous == 0 {
			read, err := c.mapOf(family, table, one)
			if err != nil {
				return nil, nil, err
			}
			if read != nil {
				maps = append(maps, read)
			}
		}
		if flags&setAnonymous == 0 {
			continue
		}
		elements, err := c.elements(family, table, name)
		if err != nil {
			return nil, nil, err
		}
		out[name] = &set{flags&setInterval != 0, elements}
	}
	return out, maps, nil
}

func (c *Conn) elements(family Family, table, name string) ([]element, error) {
	lists, err := c.dump(unix.NFT_MSG_GETSETELEM, unix.NFT_MSG_NEWSETELEM, family,
		text(unix.NFTA_SET_ELEM_LIST_TABLE, table), text(unix.NFTA_SET_ELEM_LIST_SET, name))
	if err != nil {
		return nil, err
	}
	var out []element
	for _, list := range lists {
		for _, one := range attributes(list.get(unix.NFTA_SET_ELEM_LIST_ELEMENTS)) {
			out = append(out, elementOf(one.data))
		}
	}
	slices.SortFunc(out, func(a, b element) int { return bytes.Compare(a.key, b.key) })
	return out, nil
}

// dump asks for everything of a kind, and gives the attributes of each answer.
func (c *Conn) dump(ask, answer int, family Family, list ...netlink.Attribute) ([]expression, error) {
	socket, err := c.dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = socket.Close() }()
	request, err := message(ask, netlink.Dump, families[family], list...)
	if err != nil {
		return nil, err
	}
	var out []expression
	err = stream(socket, request, func(kind netlink.HeaderType, data []byte) {
		if len(data) >= 4 && kind == messageType(answer) {
			out = append(out, expression{attributes: attributes(slices.Clone(data[4:]))})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("sets of a table of family %s: %w", family, explain(err))
	}
	return out, nil
}

func elementOf(data []byte) element {
	e := expression{attributes: attributes(data)}
	return element{
		key: slices.Clone(valueIn(e.get(unix.NFTA_SET_ELEM_KEY))), end: e.number(unix.NFTA_SET_ELEM_FLAGS)&elementEnd != 0,
		verdict: slices.Clone(e.get(unix.NFTA_SET_ELEM_DATA)),
	}
}

// holds tells whether the set is about values of that length: those of several fields in a row are longer.
func (s *set) holds(length int) bool {
	return !slices.ContainsFunc(s.elements, func(e element) bool { return len(e.key) != length })
}

// find is the element that the value matches, or nil.
func (s *set) find(value []byte) *element {
	var last *element
	for i := range s.elements {
		one := &s.elements[i]
		order := bytes.Compare(one.key, value)
		if order == 0 && !one.end {
			return one
		}
		if order <= 0 {
			last = one
		}
	}
	if !s.interval || last == nil || last.end {
		return nil
	}
	return last
}

// lookup is a rule that looks a value up: whether it matches and, in a map, which verdict it comes to.
func (t *Table) lookup(value []byte, e expression) (matches match, verdict, target string) {
	in := t.sets[unix.ByteSliceToString(e.get(unix.NFTA_LOOKUP_SET))]
	register := e.get(unix.NFTA_LOOKUP_DREG)
	toVerdict := register != nil && e.number(unix.NFTA_LOOKUP_DREG) == unix.NFT_REG_VERDICT
	switch {
	case register != nil && !toVerdict:
		return perhaps, "", ""
	case toVerdict && (in == nil || value == nil || !in.holds(len(value))):
		return perhaps, "accept", ""
	case in == nil || value == nil || !in.holds(len(value)):
		return perhaps, "", ""
	}
	found := in.find(value)
	if (found == nil) == (e.number(unix.NFTA_LOOKUP_FLAGS)&lookupNot == 0) {
		return no, "", ""
	}
	if found != nil && found.verdict != nil {
		verdict, target = verdictOf(found.verdict)
	}
	return yes, verdict, target
}
