package path

import (
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/topology"
)

// tracer hears what the rules of one place do with the marked packets.
type tracer struct {
	at   place
	conn *nftables.Conn
	*nftables.Tracer
}

type tracers []tracer

// trace begins in every namespace that the packet is said to pass. Where there are no rules, as the kernel has none,
// there is nothing to hear.
func (p *Proof) trace(question Question, found *Path, marked *marked) tracers {
	var out tracers
	for _, host := range question.Hosts {
		for _, ns := range host.Namespaces {
			at := place{host, ns}
			passes := slices.ContainsFunc(found.Hops,
				func(hop Hop) bool { return hop.Host == host.Name && hop.Where == at.name() })
			if ns.Stopped || !passes && ns.Kind != topology.Machine {
				continue
			}
			conn, err := nftables.Open(ns.Path())
			if err == nil {
				var one *nftables.Tracer
				if one, err = conn.Trace(marked.mark()); err == nil {
					out = append(out, tracer{at, conn, one})
					continue
				}
				conn.Close()
			}
			p.Untraced = at.name() + ": " + err.Error()
		}
	}
	return out
}

func (t tracers) close() {
	for _, one := range t {
		one.Close()
		one.conn.Close()
	}
}

// drops are the rules and policies that have dropped a packet, in words.
func (t tracers) drops() []string {
	var out []string
	for _, one := range t {
		verdicts, err := one.Drops()
		if err != nil {
			continue
		}
		for _, verdict := range verdicts {
			if text := verdict.String() + " in " + one.at.name(); !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// mark is how rules know the packet: by what translations do not change.
func (m *marked) mark() nftables.Mark {
	switch m.question.Protocol {
	case "tcp":
		const sequenceOffset = 4 // RFC 9293, 3.1
		return nftables.Mark{Protocols: []byte{unix.IPPROTO_TCP}, Offset: sequenceOffset, Bytes: m.opening()[:4]}
	case "udp":
		return nftables.Mark{Protocols: []byte{unix.IPPROTO_UDP}, Offset: headerLength, Bytes: m.token[:markLength]}
	}
	return nftables.Mark{Protocols: []byte{unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6}, Offset: headerLength,
		Bytes: m.token[:markLength]}
}

// The headers of UDP and of ICMP echo have 8 bytes; the text follows, of which a rule compares 16.
const (
	headerLength = 8
	markLength   = 16
)
