package netnstest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// questions are what iproute2 is asked for a snapshot: a program is started once for many, as that is what takes the
// time.
var questions = []struct {
	command []string
	batch   []string
}{
	{[]string{"ip", "-j", "-d"}, []string{"link", "address", "route show table all", "rule"}},
	{[]string{"ip", "-j", "-d", "-6"}, []string{"rule"}},
	{[]string{"bridge", "-j", "-d"}, []string{"vlan"}},
	{[]string{"bridge", "-j", "-d"}, []string{"fdb"}},
}

// volatile keys are what the kernel alters by itself: counters, timers, states of protocols that are still talking.
var volatile = []string{
	"ifindex", "link_index", "operstate", "promiscuity", "allmulti", "state", "tentative", "stats", "stats64", "gc_timer",
	"hello_timer", "tcn_timer",
	"topology_change_timer", "hold_timer", "message_age_timer", "forward_delay_timer", "topology_change",
	"topology_change_ack",
	"topology_change_detected", "root_port", "root_path_cost", "root_id", "bridge_id", "designated_bridge",
	"designated_root",
	"designated_port", "designated_cost", "port_id", "port_no", "config_pending", "fdb_n_learned",
	"mcast_querier_ipv4_addr",
	"mii_status", "active_slave", "ad_info", "ad_aggregator_id", "ad_actor_oper_port_state", "ad_partner_oper_port_state",
	"ad_actor_oper_port_state_str", "ad_partner_oper_port_state_str", "link_failure_count", "valid_life_time",
	"preferred_life_time",
	"num_tx_queues", "num_rx_queues", "multicast_router",
	// Those of a bridge follow its ports and stay when the last one leaves.
	"tso_max_size", "tso_max_segs", "gso_max_size", "gso_max_segs", "gso_ipv4_max_size", "gro_max_size",
	"gro_ipv4_max_size",
}

// Snapshot is all that iproute2 tells of links, addresses, routes, rules, VLANs and static forwarding entries, without
// what changes by itself, one line an object in an order that does not depend on when each was made.
func (n *Namespace) Snapshot(t testing.TB) string {
	t.Helper()
	answers := make([]string, len(questions))
	for i, question := range questions {
		program := append([]string{"-n", n.Name}, question.command[1:]...)
		output, err := runWith(strings.NewReader(strings.Join(question.batch, "\n")), question.command[0],
			append(program, "-batch", "-")...)
		// A kernel without VLAN filtering has no VLANs of bridges to tell of.
		if err != nil && !strings.Contains(output, "not supported") {
			t.Fatalf("%s: %v: %s", strings.Join(question.command, " "), err, output)
		}
		if err == nil {
			answers[i] = output
		}
	}
	return snapshot(t, answers)
}

// RemoteSnapshot is the same of another machine, where run runs a shell command.
func RemoteSnapshot(t testing.TB, run func(command string) string) string {
	t.Helper()
	const between = "----"
	commands := make([]string, len(questions))
	for i, question := range questions {
		// One that fails is one that this kernel has no answer to.
		commands[i] = fmt.Sprintf(`answer=$(printf '%s\n' | %s -batch -) && echo "$answer"`,
			strings.Join(question.batch, `\n`), strings.Join(question.command, " "))
	}
	return snapshot(t, strings.Split(run(strings.Join(commands, "; echo "+between+"; ")), between))
}

func snapshot(t testing.TB, answers []string) string {
	t.Helper()
	var lines []string
	for i, question := range questions {
		if strings.TrimSpace(answers[i]) == "" {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(answers[i]))
		for _, line := range question.batch {
			label := strings.Join(append(question.command[3:], line), " ")
			var objects []map[string]any
			if err := decoder.Decode(&objects); err != nil {
				t.Fatalf("%s: %v in %s", label, err, answers[i])
			}
			lines = append(lines, described(t, label, objects)...)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// described is a line for each object that is not the kernel's own.
func described(t testing.TB, label string, objects []map[string]any) []string {
	t.Helper()
	var lines []string
	for _, object := range objects {
		if kernelsOwn(object) {
			continue
		}
		text, err := json.Marshal(settled(object))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s: %s", label, text))
	}
	return lines
}

// fallback are the devices that a tunnel's module makes in every namespace when it is loaded, whoever loads it.
var fallback = []string{"gre0", "gretap0", "erspan0", "tunl0", "sit0", "ip6tnl0", "ip6gre0", "ip_vti0", "ip6_vti0"}

// kernelsOwn tells the routes and forwarding entries that come and go with links and addresses, and fallback devices.
func kernelsOwn(object map[string]any) bool {
	// The first VRF of a namespace brings rules along, once and for all (vrf_newlink, vrf_fib_rule in drivers/net/vrf.c).
	if _, vrf := object["l3mdev"]; vrf && object["protocol"] == "kernel" {
		return true
	}
	if name, _ := object["ifname"].(string); slices.Contains(fallback, name) {
		return true
	}
	destination, _ := object["dst"].(string)
	table, _ := object["table"].(string)
	_, isEntry := object["mac"]
	state, _ := object["state"].(string)
	return strings.HasPrefix(destination, "fe80:") || destination == "multicast" ||
		strings.HasPrefix(destination, "ff00:") ||
		table == "local" || (isEntry && state != "static" && destination == "") ||
		(isEntry && state == "permanent" && destination == "")
}

// settled drops what is volatile, at every depth, and the link-local addresses that the kernel makes.
func settled(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			if data, isDict := inner.(map[string]any); isDict && key == "info_slave_data" {
				// The kernel numbers ports as it likes.
				delete(data, "id")
				delete(data, "no")
				// It derives the cost of a port from its speed, and a bond's comes and goes with its ports.
				if v["info_kind"] == "bond" {
					delete(data, "cost")
				}
			}
			// A spanning tree that changes hides the ageing time that was set (__br_set_topology_change).
			if key == "ageing_time" && v["stp_state"] != float64(0) {
				continue
			}
			if !slices.Contains(volatile, key) {
				out[key] = settled(inner)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range v {
			address, isObject := inner.(map[string]any)
			local, _ := address["local"].(string)
			if isObject && strings.HasPrefix(local, "fe80:") || len(address) == 0 && isObject {
				continue
			}
			if flag, isFlag := inner.(string); isFlag &&
				(flag == "LOWER_UP" || flag == "NO-CARRIER" || flag == "M-DOWN" || flag == "linkdown") {
				continue
			}
			out = append(out, settled(inner))
		}
		return out
	}
	return value
}
