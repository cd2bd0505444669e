package openstack

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func keysOf[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
