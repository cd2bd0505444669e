package task

import "hostnet.linux/internal/ansible"

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
