package kernel

import "net/netip"

// Range is from First to Last, both included.
type Range struct{ First, Last uint32 }

// Rule is one routing policy rule as the kernel reports it.
type Rule struct {
	Family   uint8 // AF_INET or AF_INET6
	Priority uint32
	Invert   bool
	// From and To are the zero Prefix for "all".
	From, To      netip.Prefix
	Input, Output string
	// Mark counts where Mask has ones.
	Mark, Mask uint32
	TOS        uint8
	Action     uint8 // FR_ACT_*
	Table      uint32
	// Goto is the priority of the rule to go on with.
	Goto uint32
	// SuppressPrefixLength is -1 when the rule suppresses nothing.
	SuppressPrefixLength int32
	// IPProtocol is 0 for any, IPPROTO_*.
	IPProtocol uint8
	// Ports and users are nil for any.
	SourcePorts, DestinationPorts *Range
	UIDs                          *Range
	L3MDev                        bool
	Protocol                      uint8 // RTPROT_*, who made the rule
	// Extra travels unread, such as a suppressed group of interfaces.
	Extra Attributes
}

// Rules is what the rule domain asks of the kernel.
type Rules interface {
	// Rules lists the rules of IPv4, then those of IPv6, as they are consulted.
	Rules() ([]Rule, error)
	// AddRule puts the rule behind others of the same priority.
	AddRule(Rule) error
	// DeleteRule removes the first rule that has everything that the given one has; it may have more.
	DeleteRule(Rule) error
}
