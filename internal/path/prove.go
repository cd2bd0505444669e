package path

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/topology"
)

// Sighting is a marked packet that was seen on a link.
type Sighting struct {
	Where string `json:"where"`
	Link  string `json:"link"`
	// Direction is in or out, as the link sees it.
	Direction string `json:"direction"`
	// What is request, reply, or error for what a router says of the request; Text has its words.
	What string `json:"what"`
	Text string `json:"text,omitempty"`
	// Source and Destination are those of the packet there: a translation shows.
	Source      string `json:"source,omitempty"`
	Destination string `json:"destination,omitempty"`
	// Tunnelled tells that the packet was inside of another.
	Tunnelled bool `json:"tunnelled,omitempty"`
	// Milliseconds are those since the first packet was sent.
	Milliseconds float64 `json:"milliseconds"`
	at           time.Time
}

// Proof is what really became of marked packets.
type Proof struct {
	Sent     int  `json:"sent"`
	Arrived  bool `json:"arrived"`
	Answered bool `json:"answered"`
	// Agrees tells that the packets did what was computed; Why says where they did not.
	Agrees bool   `json:"agrees"`
	Why    string `json:"why"`
	// Drops are the firewalls' rules and policies that have dropped the packets, as the kernel tells them.
	Drops []string `json:"drops,omitempty"`
	// Untraced says why the rules of a place could not be watched.
	Untraced string `json:"untraced,omitempty"`
	// Missed are packets that came too fast to be looked at: what was not seen may be among them.
	Missed    uint64     `json:"missed,omitempty"`
	Sightings []Sighting `json:"sightings"`
}

// What a sighting is of.
const (
	request = "request"
	reply   = "reply"
	failure = "error"
)

// How often a packet is sent, how long each is waited for, and how long after an answer: its last links come later.
const (
	attemptsToProve = 3
	waitForEach     = time.Second
	waitAfterAnswer = 50 * time.Millisecond
)

// Prove sends marked packets along a computed path, and looks for them on every link of the hosts' namespaces. It needs
// root, and this host alone. It sets nothing that has to be taken back: its sockets end with it.
func Prove(question Question, found *Path) (*Proof, error) {
	from, err := locate(question.Hosts, question.From)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	listeners, err := listen(question.Hosts)
	defer closeAll(listeners)
	if err != nil {
		return nil, err
	}
	marked, err := mark(question, found.Destination)
	if err != nil {
		return nil, err
	}
	proof := &Proof{Sightings: []Sighting{}}
	tracers := proof.trace(question, found, marked)
	defer tracers.close()
	begin := time.Now()
	var refusal error
	for proof.Sent < attemptsToProve && !proof.Answered && refusal == nil {
		if refusal = within(from.ns, marked.send); refusal == nil {
			proof.Sent++
		}
		if err := proof.watch(listeners, marked); err != nil {
			return nil, err
		}
	}
	for _, one := range listeners {
		proof.Missed += one.missed()
	}
	proof.Drops = tracers.drops()
	slices.SortStableFunc(proof.Sightings, func(a, b Sighting) int { return a.at.Compare(b.at) })
	for i := range proof.Sightings {
		proof.Sightings[i].Milliseconds = max(0, float64(proof.Sightings[i].at.Sub(begin).Microseconds())/1000)
	}
	proof.arrive(question.Hosts)
	proof.judge(found, refusal)
	return proof, nil
}

// watch gathers sightings until an answer is there, or the packet has had its time.
func (p *Proof) watch(listeners []*listener, marked *marked) error {
	deadline := time.Now().Add(waitForEach)
	for {
		seen, err := next(listeners, marked, time.Until(deadline))
		if err != nil {
			return err
		}
		if seen == nil {
			return nil
		}
		if !p.has(seen) {
			p.Sightings = append(p.Sightings, *seen)
		}
		if seen.What != request && !p.Answered {
			p.Answered = seen.What == reply
			deadline = time.Now().Add(waitAfterAnswer)
		}
	}
}

// has tells whether the same was seen of an earlier packet.
func (p *Proof) has(seen *Sighting) bool {
	return slices.ContainsFunc(p.Sightings, func(other Sighting) bool {
		other.at = seen.at
		return other == *seen
	})
}

// arrive finds whether a request came in on a link of the place that has the address which it was sent to, or was
// translated to.
func (p *Proof) arrive(hosts []*topology.Host) {
	p.Arrived = p.Answered
	for _, seen := range p.Sightings {
		if seen.What != request || seen.Direction != "in" || seen.Tunnelled {
			continue
		}
		for _, host := range hosts {
			for _, ns := range host.Namespaces {
				at := place{host, ns}
				if at.name() == seen.Where && ns.Link(seen.Link) != nil && owns(ns, seen.Destination) {
					p.Arrived = true
				}
			}
		}
	}
}

func owns(ns *topology.Namespace, address string) bool {
	for _, link := range ns.Links {
		for _, own := range link.Addresses {
			if plain, _, _ := strings.Cut(own, "/"); plain == address {
				return true
			}
		}
	}
	return false
}

// judge compares what was seen with what was computed.
func (p *Proof) judge(found *Path, refusal error) {
	last := p.last()
	switch {
	case refusal != nil && found.Outcome == Ends:
		p.Agrees, p.Why = true, fmt.Sprintf("the kernel refuses to send it: %v", refusal)
	case refusal != nil:
		p.Why = fmt.Sprintf("the kernel refuses to send it: %v", refusal)
	case found.Outcome == Ends && p.Arrived && p.isDroppedThere():
		p.Agrees, p.Why = true, "it comes in, and goes no further"
	case found.Outcome == Ends && p.Arrived:
		p.Why = fmt.Sprintf("it is said to end (%s), and it arrives", found.Why)
	case found.Outcome == Ends:
		p.Agrees, p.Why = true, "it does not arrive: it was last seen "+last
	case found.Outcome == Leaves && p.Arrived:
		p.Agrees, p.Why = true, "it is answered from beyond"
	case found.Outcome == Leaves:
		p.Agrees, p.Why = p.leftBy(found), "it was last seen "+last+", and nothing beyond answers"
	case p.Answered:
		p.Agrees, p.Why = true, "it arrives, and is answered"
	case p.Arrived:
		p.Agrees, p.Why = true, "it arrives; nothing answers it"
	default:
		p.Why = "it is said to arrive, and it was last seen " + last
		if expected := p.expected(found); expected != "" {
			p.Why += "; it should have been on " + expected + " next"
		}
	}
	p.addReasons()
}

// addReasons says what else was heard of the packets.
func (p *Proof) addReasons() {
	for _, drop := range p.Drops {
		p.Why += "; dropped by " + drop
	}
	for _, seen := range p.Sightings {
		if seen.What == failure {
			p.Why += fmt.Sprintf("; %s says: %s", seen.Source, seen.Text)
			break
		}
	}
	if p.Untraced != "" && !p.Arrived {
		p.Why += "; what the rules do could not be watched: " + p.Untraced
	}
	if p.Missed > 0 {
		p.Why += fmt.Sprintf("; %d packets could not be looked at, so it may have been on more links", p.Missed)
	}
}

// isDroppedThere tells whether the place that has the address has dropped the request: nothing was seen of an answer.
func (p *Proof) isDroppedThere() bool {
	last := ""
	for _, seen := range p.Sightings {
		switch seen.What {
		case reply:
			return false
		case request:
			last = seen.Where
		}
	}
	return slices.ContainsFunc(p.Drops, func(drop string) bool { return strings.HasSuffix(drop, " in "+last) })
}

// last is where the request was seen at last, in words.
func (p *Proof) last() string {
	text := "nowhere"
	for _, seen := range p.Sightings {
		if seen.What == request {
			text = fmt.Sprintf("going %s by %s of %s", seen.Direction, seen.Link, seen.Where)
		}
	}
	return text
}

// leftBy tells whether the request was seen on the link by which it is said to leave.
func (p *Proof) leftBy(found *Path) bool {
	for i := len(found.Hops) - 1; i >= 0; i-- {
		if hop := found.Hops[i]; hop.Link != "" {
			return slices.ContainsFunc(p.Sightings, func(seen Sighting) bool {
				return seen.What == request && seen.Where == hop.Where && seen.Link == hop.Link && seen.Direction == "out"
			})
		}
	}
	return false
}

// expected is the first link of the computed way after the last one on which the request was seen, "" if there is none.
func (p *Proof) expected(found *Path) string {
	text := ""
	for i := len(found.Hops) - 1; i >= 0; i-- {
		hop := found.Hops[i]
		if hop.Link == "" {
			continue
		}
		if slices.ContainsFunc(p.Sightings, func(seen Sighting) bool {
			return seen.What == request && seen.Where == hop.Where && seen.Link == hop.Link
		}) {
			return text
		}
		text = hop.Link + " of " + hop.Where
	}
	return text
}

// Write tells where the packets were seen, and whether that is what was computed.
func (p *Proof) Write(out io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "proof, by %s:\n", plan.Count(p.Sent, "marked packet"))
	for _, seen := range p.Sightings {
		line := fmt.Sprintf("  %8.3f ms  %s, %s %s: %s", seen.Milliseconds, seen.Where, seen.Link, seen.Direction, seen.What)
		if seen.Source != "" {
			line += fmt.Sprintf(" %s -> %s", seen.Source, seen.Destination)
		}
		if seen.Tunnelled {
			line += " in a tunnel"
		}
		if seen.Text != "" {
			line += ": " + seen.Text
		}
		text.WriteString(line + "\n")
	}
	verdict := "as computed: "
	if !p.Agrees {
		verdict = "not as computed: "
	}
	text.WriteString(verdict + p.Why + "\n")
	_, err := io.WriteString(out, text.String())
	return err
}
