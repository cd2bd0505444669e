package task

import (
	"slices"

	"hostnet.linux/internal/ansible"
)

// Returns documents what every module that changes the host returns.
func Returns() []ansible.Return {
	return []ansible.Return{
		{
			Name: "actions", Returned: "when the plan could be made, also if it then failed", Type: "list", Elements: "dict",
			Text:   "The steps in the order in which they run. In check mode, and after a failure, those that would have run.",
			Sample: []any{sampleAction()},
			Contains: []ansible.Return{
				{Name: "action", Returned: "always", Type: "str", Text: "What is done.", Sample: "change"},
				{Name: "object", Returned: "always", Type: "str", Text: "The object that it is done to.", Sample: "bond bond0"},
				{
					Name: "changes", Returned: "when options change", Type: "list", Elements: "dict",
					Text:   "The options that change.",
					Sample: []any{map[string]any{"option": "miimon", "old": 100, "new": 50}},
					Contains: []ansible.Return{
						{Name: "option", Returned: "always", Type: "str", Text: "The option.", Sample: "miimon"},
						{Name: "old", Returned: "always", Type: "raw", Text: "Its value before; null if it has none.", Sample: 100},
						{Name: "new", Returned: "always", Type: "raw", Text: "Its value afterwards; null if it has none.", Sample: 50},
					},
				},
				{
					Name: "disruption", Returned: "always", Type: "str", Sample: "none",
					Text: "What the step costs the traffic: V(none), V(port flap), V(connections lost), V(link down) or " +
						"V(recreate). V(connections lost) is " +
						"what an address or a route that goes costs: what runs over it ends.",
				},
				{
					Name: "cause", Returned: "when nobody has declared it", Type: "str",
					Sample: "mtu 1200 of eth0 is below 1280, the least of IPv6",
					Text: "Why it happens. Such steps show what the kernel does by itself along with others, and what is put back " +
						"after it.",
				},
			},
		},
		{
			Name: "confirm", Returned: "when the change had to be confirmed, also if it was rolled back", Type: "dict",
			Text: "How the confirmation over a new connection went.",
			Sample: map[string]any{"verdict": "confirmed", "seconds": 2.1, "attempts": 1,
				"reason": "eth0 carries this SSH session"},
			Contains: []ansible.Return{
				{
					Name: "verdict", Returned: "always", Type: "str", Sample: "confirmed",
					Text: "V(not asked) in check mode; V(confirmed); V(too late), V(failed) or V(unreachable), after which the host " +
						"undoes the change; or V(unknown), " +
						"when the host has forgotten the change.",
				},
				{Name: "seconds", Returned: "always", Type: "float", Text: "How long the controller waited, in seconds.",
					Sample: 2.1},
				{Name: "attempts", Returned: "unless the host was unreachable", Type: "int",
					Text: "How many connections were tried.", Sample: 1},
				{Name: "reason", Returned: "unless the host was unreachable", Type: "str",
					Text: "Why a confirmation was asked for.", Sample: "eth0 carries this SSH session"},
				{Name: "host", Returned: "when it is given", Type: "str",
					Text: "Where the controller looks for the host after the change.", Sample: "192.0.2.99"},
				{Name: "port", Returned: "when it is given", Type: "int", Text: "The port of SSH there.", Sample: 22},
				{Name: "timeout", Returned: "in check mode", Type: "int",
					Text: "After how many seconds the host would undo the change.", Sample: 60},
				{
					Name: "rollback", Returned: "in check mode", Type: "list", Elements: "str",
					Text:   "What the host would then put back.",
					Sample: []any{"bond bond0: miimon: 100 again, not 50"},
				},
			},
		},
		{
			Name: "msg", Returned: "on failure", Type: "str",
			Text:   "What went wrong, with which object and option, and what to do about it.",
			Sample: `bonds[0].mode: must be one of balance-rr, active-backup, …, not "802.3": did you mean "802.3ad"?`,
		},
		{
			Name: "problems", Returned: "on failure, when the arguments are wrong", Type: "list", Elements: "dict",
			Text:   "Every problem with the arguments. Nothing was touched.",
			Sample: []any{map[string]any{"path": "bonds[0].ports[1]", "message": "is the port of two links"}},
			Contains: []ansible.Return{
				{Name: "path", Returned: "always", Type: "str", Text: "The way to the option.", Sample: "bonds[0].ports[1]"},
				{Name: "message", Returned: "always", Type: "str", Text: "What is wrong with it.",
					Sample: "is the port of two links"},
			},
		},
	}
}

func sampleAction() map[string]any {
	return map[string]any{
		"action": "change", "object": "bond bond0", "disruption": "none",
		"changes": []any{map[string]any{"option": "miimon", "old": 100, "new": 50}},
	}
}

// ReturnsOfLinks documents what a module about one link returns; key is where the network module has such links.
func ReturnsOfLinks(key string) []ansible.Return {
	return append(slices.Clone(Returns()), LinkReturns(key)...)
}

// LinkReturns documents the links that a task returns, by the keys that they are under.
func LinkReturns(keys ...string) []ansible.Return {
	out := make([]ansible.Return, len(keys))
	for i, key := range keys {
		out[i] = ansible.Return{
			Name: key, Returned: "when such a link is declared, and O(return) asks for it, but not in check mode", Type: "list",
			Elements: "dict",
			Text: "These links as they are afterwards, with the options that O(return) asks for, in the form in which " +
				"M(hostnet.linux.network) takes them.",
			Sample: []any{map[string]any{"name": "link0", "mtu": 1500}},
			Contains: []ansible.Return{
				{Name: "name", Returned: "always", Type: "str", Text: "The link's name. Its options have their keys beside it.",
					Sample: "link0"},
			},
		}
	}
	return out
}

// ReturnsOf are those of Returns with these names, in the order of Returns.
func ReturnsOf(names ...string) []ansible.Return {
	return slices.DeleteFunc(slices.Clone(Returns()),
		func(one ansible.Return) bool { return !slices.Contains(names, one.Name) })
}

// ReturnsWithChecks are those of modules that prove what containers find on a bridge.
func ReturnsWithChecks() []ansible.Return {
	found := map[string]any{"lease": "10.0.3.57", "released": true, "checksum": true, "gateway": "192.0.2.1",
		"gateway_reached": true}
	return append(slices.Clone(Returns()), ansible.Return{
		Name: "checks", Returned: "when something was proved", Type: "dict",
		Text:   "What a client on each bridge found, by the bridge's name.",
		Sample: map[string]any{"lxcbr0": found},
		Contains: []ansible.Return{{
			Name: "lxcbr0", Returned: "when the bridge is called so", Type: "dict", Sample: found,
			Text: "What a client on this bridge found.",
			Contains: []ansible.Return{
				{Name: "lease", Returned: "with DHCP", Type: "str", Text: "The address that it was given.", Sample: "10.0.3.57"},
				{Name: "released", Returned: "with DHCP", Type: "bool", Text: "Whether it could give the address back.",
					Sample: true},
				{Name: "checksum", Returned: "with DHCP", Type: "bool", Text: "Whether the checksum of the answer was right.",
					Sample: true},
				{Name: "resolved", Returned: "with DNS", Type: "str", Text: "What its own name was resolved to.",
					Sample: "[10.0.3.57]"},
				{Name: "gateway", Returned: "with NAT", Type: "str", Text: "The host's own default gateway.", Sample: "192.0.2.1"},
				{Name: "gateway_reached", Returned: "with NAT", Type: "bool", Text: "Whether that gateway answered.", Sample: true},
				{
					Name: "forwards", Returned: "with port_forwards", Type: "list", Elements: "dict",
					Text: "What came of a connection from outside to each port forward that can be tried.",
					Sample: []any{map[string]any{"forward": "tcp port 8080", "to": "10.0.3.7", "container_answers": true,
						"reached": true}},
					Contains: []ansible.Return{
						{Name: "forward", Returned: "always", Type: "str", Text: "The forward.", Sample: "tcp port 8080"},
						{Name: "to", Returned: "always", Type: "str", Text: "The container's address.", Sample: "10.0.3.7"},
						{Name: "container_answers", Returned: "always", Type: "bool",
							Text: "Whether the host itself reaches it; if not, nothing can be said of the forward.", Sample: true},
						{Name: "reached", Returned: "always", Type: "bool", Text: "Whether it is reached from outside.", Sample: true},
					},
				},
			},
		}},
	})
}

// RollbackReturns documents what the module rollback returns.
func RollbackReturns() []ansible.Return {
	return append(slices.Clone(Returns()), ansible.Return{
		Name: "generation", Returned: "success", Type: "int",
		Text:   "The generation whose state the host has afterwards, 0 for the one before the first.",
		Sample: 7,
	})
}
