// Package hosttest makes random networks that are valid, for tests of the engine against kernels real and fake.
package hosttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Options choose what a random network may hold.
type Options struct {
	// Cards are links that are there already.
	Cards []string
	// Bonds, VLANs and so on tell what the kernel knows.
	Bonds, VLANs, Dummies, Filtering bool
}

// network grows object by object. Each link is free until something stands on it or takes it as a port.
type network struct {
	Options
	random  *rand.Rand
	groups  map[string][]any
	free    []string
	parents []string
	subnets int
}

// Network is a valid argument of the network module, the same for the same seed.
func Network(seed uint64, options Options) map[string]any {
	n := &network{Options: options, random: rand.New(rand.NewPCG(seed, 1)), groups: map[string][]any{}}
	for _, card := range options.Cards {
		n.add("interfaces", card, map[string]any{"mtu": n.mtu()})
	}
	if options.Dummies && n.chance() {
		n.add("dummies", "dm0", map[string]any{})
	}
	for i := range n.random.IntN(3) {
		n.add("veths", fmt.Sprintf("ve%d", i), map[string]any{"peer": fmt.Sprintf("vp%d", i)})
	}
	for i := range n.upTo(options.Bonds, 2) {
		n.bond(fmt.Sprintf("bond%d", i))
	}
	for i := range n.upTo(options.VLANs, 3) {
		n.vlan(fmt.Sprintf("vl%d", i))
	}
	for i := range n.random.IntN(3) {
		n.vxlan(fmt.Sprintf("vx%d", i))
	}
	for i := range n.random.IntN(3) {
		n.bridge(fmt.Sprintf("br%d", i))
	}
	for _, name := range n.free {
		n.address(name)
	}
	out := map[string]any{}
	for key, objects := range n.groups {
		n.random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		out[key] = objects
	}
	return out
}

func (n *network) chance() bool { return n.random.IntN(2) == 0 }

func (n *network) upTo(possible bool, most int) int {
	if !possible {
		return 0
	}
	return n.random.IntN(most + 1)
}

func (n *network) pick(choices ...any) any { return choices[n.random.IntN(len(choices))] }

func (n *network) mtu() any { return n.pick(1500, 1600, 9000) }

func (n *network) add(group, name string, object map[string]any) {
	object["name"] = name
	n.groups[group] = append(n.groups[group], object)
	n.free = append(n.free, name)
	n.parents = append(n.parents, name)
}

// take uses up a free link as a bridge's port, or says that there is none. A bridge takes no other bridge.
func (n *network) take() (string, bool) {
	if len(n.free) == 0 {
		return "", false
	}
	i := n.random.IntN(len(n.free))
	name := n.free[i]
	if strings.HasPrefix(name, "br") {
		return "", false
	}
	n.free = append(n.free[:i:i], n.free[i+1:]...)
	return name, true
}

func (n *network) bond(name string) {
	object := map[string]any{"mode": n.pick("active-backup", "802.3ad", "balance-xor"), "miimon": n.pick(50, 100)}
	if n.chance() {
		object["xmit_hash_policy"] = n.pick("layer2", "layer3+4")
	}
	if object["mode"] == "802.3ad" && n.chance() {
		object["lacp_rate"] = n.pick("slow", "fast")
	}
	var ports []any
	for range 2 {
		if len(n.free) == 0 {
			break
		}
		// Only cards: what may be a port of a bond depends on the kind.
		i := n.random.IntN(len(n.free))
		if !n.isCard(n.free[i]) {
			continue
		}
		card := n.free[i]
		n.free = append(n.free[:i:i], n.free[i+1:]...)
		ports = append(ports, card)
		n.cannotCarry(card)
	}
	object["ports"] = ports
	n.add("bonds", name, object)
}

func (n *network) isCard(name string) bool {
	for _, card := range n.Cards {
		if card == name {
			return true
		}
	}
	return false
}

// cannotCarry keeps other links off a port, and mostly leaves its MTU to its bond.
func (n *network) cannotCarry(name string) {
	for i, parent := range n.parents {
		if parent == name {
			n.parents = append(n.parents[:i:i], n.parents[i+1:]...)
			break
		}
	}
	if n.random.IntN(4) > 0 {
		delete(n.object(name), "mtu")
	}
}

func (n *network) vlan(name string) {
	if len(n.parents) == 0 {
		return
	}
	parent := n.parents[n.random.IntN(len(n.parents))]
	object := map[string]any{"parent": parent, "id": 2 + 10*len(n.groups["vlans"]) + n.random.IntN(9)}
	if n.chance() {
		object["gvrp"] = n.chance()
	}
	n.add("vlans", name, object)
}

func (n *network) vxlan(name string) {
	object := map[string]any{"id": 1 + 10*len(n.groups["vxlans"]) + n.random.IntN(9), "dst_port": 4789,
		"learning": n.chance()}
	if n.chance() {
		object["fdb"] = []any{map[string]any{"mac_address": "00:00:00:00:00:00",
			"dst": fmt.Sprintf("192.0.2.%d", 1+n.random.IntN(200))}}
	}
	n.add("vxlans", name, object)
}

func (n *network) bridge(name string) {
	object := map[string]any{"stp": n.chance(), "ageing_time": n.pick(0, 30, 300)}
	if n.chance() {
		object["forward_delay"] = n.pick(2, 15)
	}
	if n.Filtering {
		object["vlan_filtering"] = n.chance()
	}
	var ports []any
	for range n.random.IntN(3) {
		port, found := n.take()
		if !found {
			break
		}
		options := map[string]any{"name": port}
		if n.chance() {
			options["cost"] = 1 + n.random.IntN(200)
		}
		if n.chance() {
			options["isolated"] = n.chance()
		}
		ports = append(ports, options)
	}
	object["ports"] = ports
	n.add("bridges", name, object)
}

// address gives a link nothing, or an address of a network of its own and perhaps a route through it.
func (n *network) address(name string) {
	if n.chance() {
		return
	}
	object := n.object(name)
	if object == nil {
		return
	}
	n.subnets++
	// A route that is left behind by an address that goes cannot be added again: its gateway is out of reach.
	object["routes"] = []any{}
	object["addresses"] = []any{fmt.Sprintf("10.%d.%d.1/24", n.subnets, n.random.IntN(3)),
		fmt.Sprintf("2001:db8:%d::%d/64", n.subnets, 1+n.random.IntN(3))}
	if n.chance() {
		second, _ := object["addresses"].([]any)
		object["addresses"] = append(second, fmt.Sprintf("198.51.%d.1/24", n.subnets))
		object["routes"] = []any{
			map[string]any{"to": fmt.Sprintf("203.0.113.%d/32", n.subnets), "via": fmt.Sprintf("198.51.%d.254", n.subnets)}}
	}
}

func (n *network) object(name string) map[string]any {
	for _, objects := range n.groups {
		for _, object := range objects {
			if found, ok := object.(map[string]any); ok && found["name"] == name {
				return found
			}
		}
	}
	return nil
}
