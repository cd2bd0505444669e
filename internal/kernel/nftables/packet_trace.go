package nftables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// tracing is a table that belongs to the socket that made it: the kernel removes it with the socket, also when the
// process is killed (NFT_TABLE_F_OWNER in linux/netfilter/nf_tables.h, since Linux 5.12).
const (
	tracing      = "hostnet_trace"
	tableOwner   = 0x2
	beforeOthers = -400 // ahead of connection tracking (NF_IP_PRI_CONNTRACK is -200)
)

// Mark is how rules know a packet: bytes at an offset in its transport header and what follows.
type Mark struct {
	// Protocols are the numbers of the IP protocols that it may have.
	Protocols []byte
	Offset    uint32
	// Bytes are at most 16, which is what one comparison takes.
	Bytes []byte
}

// Verdict is a rule or a policy that drops a traced packet.
type Verdict struct {
	Family       Family
	Table, Chain string
	// Rule is the handle of the rule, 0 for the chain's policy.
	Rule uint64
}

func (v Verdict) String() string {
	if v.Rule == 0 {
		return fmt.Sprintf("the policy of chain %s %s %s", v.Family, v.Table, v.Chain)
	}
	return fmt.Sprintf("the rule with handle %d of chain %s %s %s", v.Rule, v.Family, v.Table, v.Chain)
}

// Tracer hears what the rules of a namespace do with marked packets.
type Tracer struct {
	owner, events *netlink.Conn
}

// Trace has the packets with the mark traced, and no others, until the tracer is closed.
func (c *Conn) Trace(mark Mark) (_ *Tracer, err error) {
	out := &Tracer{}
	defer func() {
		if err != nil {
			out.Close()
		}
	}()
	if out.events, err = c.dial(); err != nil {
		return nil, err
	}
	if err := out.events.JoinGroup(unix.NFNLGRP_NFTRACE); err != nil {
		return nil, fmt.Errorf("cannot listen to what rules do: %w", explain(err))
	}
	if out.owner, err = c.dial(); err != nil {
		return nil, err
	}
	var t transaction
	table := &Table{Family: INet, Name: tracing}
	t.add(unix.NFT_MSG_NEWTABLE, netlink.Create, INet, text(unix.NFTA_TABLE_NAME, tracing),
		number(unix.NFTA_TABLE_FLAGS, tableOwner))
	for _, hook := range []string{"prerouting", "output"} {
		chain := Chain{Name: hook, Hook: hook, Type: "filter", Priority: beforeOthers}
		t.addChain(table, chain)
		for _, protocol := range mark.Protocols {
			t.addRule(INet, tracing, hook, NewRule("hostnet", traced(protocol, mark)), netlink.Append)
		}
	}
	if t.err != nil {
		return nil, t.err
	}
	if err := commitOn(out.owner, t.messages); err != nil {
		return nil, fmt.Errorf("cannot have marked packets traced: %w", err)
	}
	return out, nil
}

// traced matches the mark, and has the kernel trace the packet.
func traced(protocol byte, mark Mark) Part {
	return Part{"trace", []expr.Any{
		meta(expr.MetaKeyL4PROTO), compare(expr.CmpOpEq, []byte{protocol}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: mark.Offset,
			Len: uint32(len(mark.Bytes))},
		compare(expr.CmpOpEq, mark.Bytes),
		&expr.Immediate{Register: register, Data: []byte{1}},
		&expr.Meta{Key: expr.MetaKeyNFTRACE, SourceRegister: true, Register: register},
	}}
}

// Close ends the tracing, and the table with it.
func (t *Tracer) Close() {
	for _, socket := range []*netlink.Conn{t.owner, t.events} {
		if socket != nil {
			_ = socket.Close()
		}
	}
}

// Drops are the verdicts that have dropped marked packets so far.
func (t *Tracer) Drops() ([]Verdict, error) {
	var out []Verdict
	for {
		// What has happened is in the socket already.
		if err := t.events.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			return out, err
		}
		messages, err := t.events.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("cannot hear what rules do: %w", err)
		}
		for _, one := range messages {
			if verdict, drops := tracedVerdict(one); drops {
				out = append(out, verdict)
			}
		}
	}
}

// tracedVerdict reads a trace; false is one that lets the packet go on.
func tracedVerdict(one netlink.Message) (Verdict, bool) {
	if one.Header.Type != messageType(unix.NFT_MSG_TRACE) || len(one.Data) < 4 {
		return Verdict{}, false
	}
	family, _ := familyNamed(one.Data[0])
	out := Verdict{Family: family}
	kind, verdict, policy := uint32(0), uint32(1), uint32(1) // NF_ACCEPT
	for _, a := range attributes(one.Data[4:]) {
		switch {
		case a.typ == unix.NFTA_TRACE_TABLE:
			out.Table = trimmed(a.data)
		case a.typ == unix.NFTA_TRACE_CHAIN:
			out.Chain = trimmed(a.data)
		case a.typ == unix.NFTA_TRACE_RULE_HANDLE && len(a.data) == 8:
			out.Rule = binary.BigEndian.Uint64(a.data)
		case a.typ == unix.NFTA_TRACE_TYPE && len(a.data) == 4:
			kind = binary.BigEndian.Uint32(a.data)
		case a.typ == unix.NFTA_TRACE_POLICY && len(a.data) == 4:
			policy = binary.BigEndian.Uint32(a.data)
		case a.typ == unix.NFTA_TRACE_VERDICT:
			for _, inner := range attributes(a.data) {
				if inner.typ == unix.NFTA_VERDICT_CODE && len(inner.data) == 4 {
					verdict = binary.BigEndian.Uint32(inner.data)
				}
			}
		}
	}
	switch kind {
	case unix.NFT_TRACETYPE_RULE:
		return out, verdict == 0 // NF_DROP
	case unix.NFT_TRACETYPE_POLICY:
		out.Rule = 0
		return out, policy == 0
	}
	return out, false
}

func trimmed(data []byte) string {
	for len(data) > 0 && data[len(data)-1] == 0 {
		data = data[:len(data)-1]
	}
	return string(data)
}
