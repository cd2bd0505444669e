package spec

import (
	"fmt"
	"slices"
	"strings"
)

// Without is the object without what stands at a path in it: an option, or an element of a list. nil is left where the
// object cannot be without that, such as its name.
func (o *Object) Without(path string) *Object {
	head, _, _ := strings.Cut(path, ".")
	option, index, isElement := strings.Cut(head, "[")
	if option == "" || o.Options.Get(option) == nil || slices.Contains(o.Kind.Naming, option) {
		return nil
	}
	var number int
	if _, err := fmt.Sscanf(index, "%d]", &number); isElement && err == nil {
		list := o.listOf(option)
		if number < 0 || number >= len(list) {
			return nil
		}
		// An element is of no use without a part of it.
		return o.with(option, slices.Delete(slices.Clone(list), number, number+1))
	}
	return o.with(option, nil)
}

// Element is the name of the list's element that a path leads to, "" if it leads to none.
func (o *Object) Element(path string) (option, name string) {
	head, _, _ := strings.Cut(path, ".")
	option, index, _ := strings.Cut(head, "[")
	var number int
	list := o.listOf(option)
	if _, err := fmt.Sscanf(index, "%d]", &number); err != nil || number < 0 || number >= len(list) {
		return option, ""
	}
	return option, elementName(list[number], "name")
}

// IsTrue tells whether a boolean option is set and true.
func (o *Object) IsTrue(option string) bool { return o.Options.Get(option) == true }
