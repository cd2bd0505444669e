// Package spec is the declared set of a host: its objects of all kinds, how a task edits them, and whether they fit
// together.
package spec

import (
	"fmt"
	"strings"
	"sync"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
)

// Kind is one kind of object that can be declared. The registry below is the one place that lists them.
type Kind struct {
	// Key is the option of the network module, and the folder that keeps its objects; Module is the module for one object.
	Key, Module string
	// Link tells that objects of the kind are links, whose names are one space across kinds.
	Link bool
	// Naming are the options that an object is told by.
	Naming []string
	// identity is what the object is, however it was written.
	identity func(canonical schema.Object) string
	// read gives the options in their one form; what is wrong is noted at the place.
	read func(raw map[string]any, at schema.Place) schema.Object
	// changes are the options that differ between two objects of the kind.
	changes func(old, fresh schema.Object) []schema.Change
	// covers tells whether an absent object stands for a kept one; nil is one of the same identity.
	covers func(absent, kept schema.Object) bool
	// union are lists of named elements that a task adds to rather than replaces, unless the option named here is true.
	union map[string]string
}

// kind makes a registry entry from the kind's option table.
func kind[T any](key, module string, naming []string, table func() schema.Table[T]) Kind {
	table = sync.OnceValue(table) // there may be a hundred thousand objects
	parse := func(raw map[string]any, at schema.Place) T {
		var object T
		table().Parse(&object, raw, at)
		return object
	}
	out := Kind{Key: key, Module: module, Naming: naming}
	out.read = func(raw map[string]any, at schema.Place) schema.Object {
		object := parse(raw, at)
		return table().Export(&object)
	}
	out.changes = func(old, fresh schema.Object) []schema.Change {
		var none schema.Problems
		a, b := parse(old.Map(), schema.At("", &none)), parse(fresh.Map(), schema.At("", &none))
		return table().Changes(&a, &b)
	}
	out.identity = func(canonical schema.Object) string { return joined(canonical, naming) }
	return out
}

// links makes an entry for a kind of link.
func links(key, module string) Kind {
	one := kind(key, module, []string{"name"}, func() schema.Table[host.Interface] { return host.Options(key) })
	one.Link = true
	switch module {
	case "interface":
		one.Naming = []string{"name", "match_mac_address", "match_pci_address"}
	case "bridge":
		one.union = map[string]string{"ports": "exclusive_ports"}
	}
	naming := one.Naming
	one.identity = func(canonical schema.Object) string { return joined(canonical, naming) }
	return one
}

// registry lists the kinds in the order in which objects stand on each other.
var registry = sync.OnceValue(func() []Kind {
	var out []Kind
	for _, group := range host.LinkGroups() {
		out = append(out, links(group.Key, group.Module))
	}
	return append(out,
		named(kind("lxc_bridges", "lxc_bridge", []string{"name"}, lxcbridge.Options), lxcbridge.DefaultName),
		routes(),
		rules(),
		kind("nats", "nat", []string{"name"}, nft.Options),
		kind("dnsmasqs", "dnsmasq", []string{"interface"}, dnsmasq.Options),
	)
})

// named makes an object without a name one with the usual name, so that one without any option is an object, too.
func named(one Kind, usual string) Kind {
	one.Link = true
	read := one.read
	one.read = func(raw map[string]any, at schema.Place) schema.Object {
		object := read(raw, at)
		if object.Get("name") == nil {
			return append(schema.Object{{Key: "name", Value: usual}}, object...)
		}
		return object
	}
	return one
}

func joined(canonical schema.Object, options []string) string {
	var parts []string
	for _, option := range options {
		if value := canonical.Get(option); value != nil {
			text := fmt.Sprint(value)
			if option != "name" {
				text = option + " " + text
			}
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

// Kinds are all kinds, in the order in which objects stand on each other.
func Kinds() []Kind { return registry() }

// Read gives the options of an object in their one form; what is wrong is noted at the place, and left out.
func (k *Kind) Read(raw map[string]any, at schema.Place) schema.Object { return k.read(raw, at) }

// KindOf is the kind with that key of the network module, nil if there is none.
func KindOf(key string) *Kind {
	kinds := registry()
	for i := range kinds {
		if kinds[i].Key == key {
			return &kinds[i]
		}
	}
	return nil
}

// KindOfModule is the kind of a module about one object, nil if it is about none or many.
func KindOfModule(module string) *Kind {
	kinds := registry()
	for i := range kinds {
		if kinds[i].Module == module {
			return &kinds[i]
		}
	}
	return nil
}
