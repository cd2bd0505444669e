package lxc

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Net is one lxc.net.N of a configuration, as LXC would understand it.
type Net struct {
	Index int
	// Values are by the part of the key behind lxc.net.N, such as "ipv4.address". A key that may stand once has one.
	Values map[string][]string
}

// Get is the value of a key that stands once, or "".
func (n *Net) Get(key string) string {
	if values := n.Values[key]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// listKeys may stand several times (lxc.container.conf(5)). The others count where they stand last.
var listKeys = map[string]bool{
	"ipv4.address": true, "ipv6.address": true, "veth.ipv4.route": true, "veth.ipv6.route": true,
	"veth.vlan.tagged.id": true,
}

// highestNet keeps N what a container can have; LXC takes any 32-bit number.
const highestNet = 1<<31 - 1

// netKey takes "lxc.net.1.ipv4.address" apart; sub is "" in "lxc.net.1".
func netKey(key string) (index int, sub string, ok bool) {
	rest, found := strings.CutPrefix(key, "lxc.net.")
	if !found {
		return 0, "", false
	}
	number, sub, _ := strings.Cut(rest, ".")
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n > highestNet {
		return 0, "", false
	}
	return int(n), sub, true
}

// Nets are the networks in the order of their numbers.
func (c *Config) Nets() []*Net {
	nets := map[int]*Net{}
	for _, e := range c.entries {
		if e.key == "lxc.net" && e.value == "" {
			clear(nets)
			continue
		}
		index, sub, ok := netKey(e.key)
		switch {
		case !ok:
		case sub == "" && e.value == "":
			delete(nets, index)
		case sub == "":
		default:
			net := nets[index]
			if net == nil {
				net = &Net{Index: index, Values: map[string][]string{}}
				nets[index] = net
			}
			net.set(sub, e.value)
		}
	}
	return slices.SortedFunc(maps.Values(nets), func(a, b *Net) int { return a.Index - b.Index })
}

func (n *Net) set(sub, value string) {
	switch {
	case value == "":
		delete(n.Values, sub)
	case listKeys[sub]:
		n.Values[sub] = append(n.Values[sub], value)
	default:
		n.Values[sub] = []string{value}
	}
}

// net is the network of that number, or an empty one.
func (c *Config) net(index int) *Net {
	for _, net := range c.Nets() {
		if net.Index == index {
			return net
		}
	}
	return &Net{Index: index, Values: map[string][]string{}}
}

// FreeNet is the lowest number without a network.
func (c *Config) FreeNet() int {
	free := 0
	for _, net := range c.Nets() {
		if net.Index == free {
			free++
		}
	}
	return free
}

// SetNet sets a key of a network to exactly these values; none removes it. Lines that say it already stay as they are;
// same tells whether two values mean the same.
func (c *Config) SetNet(index int, sub string, values []string, same func(a, b string) bool) {
	have := c.net(index).Values[sub]
	if sameSet(have, values, same) {
		return
	}
	key := "lxc.net." + strconv.Itoa(index) + "." + sub
	isKey := func(e entry) bool { return e.key == key }
	foreign := slices.ContainsFunc(c.entries, func(e entry) bool { return isKey(e) && !e.file.own })
	wanted := func(value string) bool {
		return slices.ContainsFunc(values, func(want string) bool { return same(value, want) })
	}
	if !listKeys[sub] && !foreign && len(have) == 1 && len(values) == 1 && c.replaceLast(isKey, values[0]) {
		return
	}
	// A shared file is not ours to edit: what it says is overridden behind its include, at the end of the own file.
	if foreign {
		c.remove(isKey)
		if listKeys[sub] || len(values) == 0 {
			c.AddValue(key, "")
		}
		for _, value := range values {
			c.AddValue(key, value)
		}
		return
	}
	after := c.netAnchor(index, key)
	c.remove(func(e entry) bool { return isKey(e) && !wanted(e.value) })
	for _, value := range values {
		if !slices.ContainsFunc(c.net(index).Values[sub], func(v string) bool { return same(v, value) }) {
			after = c.insertBehind(after, key, value)
		}
	}
}

// place is a line in a file.
type place struct {
	file *file
	line *line
}

// netAnchor is behind what new lines of a network go: the key's last line, else the network's, if that is in an own
// file, and nothing in a shared file comes later.
func (c *Config) netAnchor(index int, key string) place {
	anchor := place{file: c.main}
	for _, e := range c.entries {
		n, _, ok := netKey(e.key)
		switch {
		case e.key == "lxc.net" || ok && n == index && !e.file.own:
			anchor = place{file: c.main}
		case ok && n == index && (anchor.line == nil || e.key == key || !c.hasKey(key)):
			anchor = place{file: e.file, line: e.line}
		}
	}
	return anchor
}

func (c *Config) hasKey(key string) bool {
	return slices.ContainsFunc(c.entries, func(e entry) bool { return e.key == key })
}

// insertBehind writes a line behind the anchor. Where the anchor itself has been removed its place in the file counts.
func (c *Config) insertBehind(at place, key, value string) place {
	if at.line != nil && at.line.gone {
		position := slices.Index(at.file.lines, at.line)
		for position >= 0 && (at.file.lines[position].gone || !c.isEntry(at.file.lines[position])) {
			position--
		}
		if position >= 0 {
			at.line = at.file.lines[position]
		} else {
			at = place{file: c.main}
		}
	}
	return place{file: at.file, line: c.insertAfter(at.file, at.line, key, value)}
}

func (c *Config) isEntry(l *line) bool {
	return slices.ContainsFunc(c.entries, func(e entry) bool { return e.line == l })
}

// replaceLast edits the last line of a key, which is the one that counts.
func (c *Config) replaceLast(matches func(entry) bool, value string) bool {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if matches(c.entries[i]) {
			c.entries[i].line.replaceValue(value)
			c.entries[i].value = value
			return true
		}
	}
	return false
}

// RemoveNet takes a network out. One that a shared file declares is cleared behind its include.
func (c *Config) RemoveNet(index int) {
	c.remove(func(e entry) bool {
		n, _, ok := netKey(e.key)
		return ok && n == index
	})
	if len(c.net(index).Values) > 0 {
		c.AddValue("lxc.net."+strconv.Itoa(index), "")
	}
}

func sameSet(a, b []string, same func(a, b string) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y string) bool { return same(x, y) }) {
			return false
		}
	}
	return true
}
