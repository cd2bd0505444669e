package path

import (
	"context"
	"fmt"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/topology"
)

// Declaration is what the arguments of the module network_path say.
type Declaration struct {
	hosts    *[]*topology.Host
	from, to *string
	protocol *string
	port     *uint16
	size     *uint32
}

// Protocols are those that a packet may have, the usual one first.
var Protocols = []string{"icmp", "tcp", "udp"}

// Module is the options of the module.
func Module() schema.Table[Declaration] {
	return schema.Table[Declaration]{
		schema.Field("hosts", schema.List(topology.InfoForm()), func(d *Declaration) **[]*topology.Host { return &d.hosts },
			"The hosts that the packet may pass: of each the result of M(hostnet.linux.network_info) with C(routing: true).").
			Require(),
		schema.Field("from", schema.String(), func(d *Declaration) **string { return &d.from },
			"Who sends: a container, a namespace or a host, by its name; HOST:NAME where the name is "+
				"on several hosts.").Require(),
		schema.Field("to", schema.String(), func(d *Declaration) **string { return &d.to },
			"To whom: an address, or a name as in O(from).").Require(),
		schema.Field("protocol", schema.Choice(Protocols...), func(d *Declaration) **string { return &d.protocol },
			"The packet's protocol.").Assume("icmp"),
		schema.Field("port", schema.Int[uint16](1, 65535), func(d *Declaration) **uint16 { return &d.port },
			"The port that it is sent to, of tcp and udp."),
		schema.Field("size", schema.Int[uint32](68, 65535), func(d *Declaration) **uint32 { return &d.size },
			"The size of the whole IP packet in bytes, which may not be fragmented. Left out, it is small."),
	}
}

// Parse reads the arguments of the module.
func Parse(arguments map[string]any) (Question, error) {
	var d Declaration
	var problems schema.Problems
	Module().Parse(&d, arguments, schema.At("", &problems))
	question := Question{Protocol: Protocols[0]}
	if d.protocol != nil {
		question.Protocol = *d.protocol
	}
	if d.port != nil {
		question.Port = *d.port
	}
	if d.size != nil {
		question.Size = *d.size
	}
	if d.hosts != nil && len(*d.hosts) == 0 {
		problems.Add("hosts", "must not be empty")
	}
	if problem := question.check(); problem != "" {
		problems.Add("port", "%s", problem)
	}
	if err := problems.Err(); err != nil {
		return question, err
	}
	question.Hosts, question.From, question.To = *d.hosts, *d.from, *d.to
	return question, nil
}

// check is what is wrong with protocol and port.
func (q Question) check() string {
	if q.Protocol == "icmp" && q.Port != 0 {
		return "icmp has no ports: set protocol to tcp or udp"
	}
	return ""
}

// Run answers a task. That the packet does not arrive is an answer, not a failure.
func Run(_ context.Context, call ansible.Call) ansible.Result {
	question, err := Parse(call.Arguments)
	if err != nil {
		return ansible.Fail(err)
	}
	found, err := Find(question)
	if err != nil {
		return ansible.Fail(err)
	}
	var text strings.Builder
	if err := found.Write(&text); err != nil {
		return ansible.Fail(err)
	}
	return ansible.Result{
		Message: fmt.Sprintf("%s: %s", found.Outcome, found.Why),
		Values:  schema.Object{{Key: "path", Value: found}, {Key: "text", Value: text.String()}},
	}
}
