package nftables

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/google/nftables"
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

// sets reads the anonymous sets of a table. Named ones may be large, and their contents may change at any time.
func (c *Conn) sets(library *nftables.Conn, table *nftables.Table) (map[string]*set, error) {
	listed, err := library.GetSets(table)
	if err != nil {
		return nil, explain(err)
	}
	out := map[string]*set{}
	for _, one := range listed {
		if !one.Anonymous || one.Concatenation {
			continue
		}
		elements, err := c.elements(byte(table.Family), table.Name, one.Name)
		if err != nil {
			return nil, err
		}
		out[one.Name] = &set{one.Interval, elements}
	}
	return out, nil
}

func (c *Conn) elements(family byte, table, name string) ([]element, error) {
	socket, err := c.dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = socket.Close() }()
	request, err := message(unix.NFT_MSG_GETSETELEM, netlink.Dump, family,
		text(unix.NFTA_SET_ELEM_LIST_TABLE, table), text(unix.NFTA_SET_ELEM_LIST_SET, name))
	if err != nil {
		return nil, err
	}
	replies, err := socket.Execute(request)
	if err != nil {
		return nil, fmt.Errorf("set %s: %w", name, explain(err))
	}
	var out []element
	for _, reply := range replies {
		if len(reply.Data) < 4 || reply.Header.Type != messageType(unix.NFT_MSG_NEWSETELEM) {
			continue
		}
		for _, list := range attributes(reply.Data[4:]) {
			if list.typ != unix.NFTA_SET_ELEM_LIST_ELEMENTS {
				continue
			}
			for _, one := range attributes(list.data) {
				out = append(out, elementOf(one.data))
			}
		}
	}
	slices.SortFunc(out, func(a, b element) int { return bytes.Compare(a.key, b.key) })
	return out, nil
}

func elementOf(data []byte) element {
	e := expression{attributes: attributes(data)}
	const intervalEnd = 1 // NFT_SET_ELEM_INTERVAL_END
	return element{
		key: slices.Clone(valueIn(e.get(unix.NFTA_SET_ELEM_KEY))), end: e.number(unix.NFTA_SET_ELEM_FLAGS)&intervalEnd != 0,
		verdict: slices.Clone(e.get(unix.NFTA_SET_ELEM_DATA)),
	}
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
	case (in == nil || value == nil) && toVerdict:
		return perhaps, "accept", ""
	case in == nil || value == nil:
		return perhaps, "", ""
	}
	const inverted = 1 // NFT_LOOKUP_F_INV
	found := in.find(value)
	if (found == nil) == (e.number(unix.NFTA_LOOKUP_FLAGS)&inverted == 0) {
		return no, "", ""
	}
	if found != nil && found.verdict != nil {
		verdict, target = verdictOf(found.verdict)
	}
	return yes, verdict, target
}
