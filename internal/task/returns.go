package task

import (
	"slices"

	"hostnet.linux/internal/ansible"
)

// Returns documents what every module that changes the host returns.
var Returns = []ansible.Return{
	{
		Name: "actions", Returned: "success", Type: "list", Elements: "dict",
		Text: "The steps in the order in which they run (in check mode: would run): what is done, on which object, which options " +
			"go from what to what, and what it costs the traffic (none, port flap, link down, recreate).",
	},
	{
		Name: "confirm", Returned: "when the change had to be confirmed", Type: "dict",
		Text: "The C(verdict) (confirmed, too late, failed, unknown, unreachable), the C(seconds) and C(attempts) that it took, and the C(reason) to ask for it.",
	},
	{
		Name: "problems", Returned: "when the arguments are wrong", Type: "list", Elements: "dict",
		Text: "Every problem with the arguments, each with the path of the option and a message.",
	},
}

// ReturnsWithChecks are those of modules that prove what containers find on a bridge.
func ReturnsWithChecks() []ansible.Return {
	return append(slices.Clone(Returns), ansible.Return{
		Name: "checks", Returned: "when something was proved", Type: "dict",
		Text: "What a client on each bridge found: its lease, whether it could be given back, what its own name was answered with, and whether the host's gateway was reached.",
	})
}
