package store

import (
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// Replaced is a set as it was before files got what it has: the objects that the files held then, and those of other
// files.
func Replaced(set *spec.Set, files []system.File) *spec.Set {
	out, before := &spec.Set{}, map[string]system.File{}
	for _, file := range files {
		before[file.Path] = file
	}
	placed := (&Kept{}).place(set)
	for _, path := range slices.Sorted(maps.Keys(placed)) {
		if _, changed := before[path]; !changed {
			out.Objects = append(out.Objects, placed[path]...)
		}
	}
	for _, file := range files {
		if file.Present && strings.HasPrefix(file.Path, Declarations+"/") && strings.HasSuffix(file.Path, ".yml") {
			out.Objects = append(out.Objects, Parse(file.Path, file.Content).Set.Objects...)
		}
	}
	return out
}
