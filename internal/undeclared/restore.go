package undeclared

import (
	"errors"
	"fmt"
	"slices"

	"hostnet.linux/internal/kernel"
)

// RestoreSettings puts back what links are called and set to, which must be so before they come up and get addresses.
// All is tried, whatever fails.
func (s State) RestoreSettings(k Kernel) error {
	raw, err := k.Links()
	if err != nil {
		return err
	}
	var failures []error
	for i := range raw {
		name := raw[i].Name
		was, is := s[name], linkOf(&raw[i])
		if was == nil {
			continue
		}
		failures = append(failures, was.restoreNames(k, name, is))
		for _, one := range settingChanges(name, was, is) {
			failures = append(failures, k.SetSetting(one.path, fmt.Sprint(one.fresh)))
		}
	}
	return errors.Join(failures...)
}

func (l *Link) restoreNames(k Kernel, name string, is *Link) error {
	var failures []error
	without := func(all, others []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(others, one) })
	}
	if extra := without(is.AlternativeNames, l.AlternativeNames); len(extra) > 0 {
		failures = append(failures, k.DeleteAlternativeNames(name, extra))
	}
	if missing := without(l.AlternativeNames, is.AlternativeNames); len(missing) > 0 {
		failures = append(failures, k.AddAlternativeNames(name, missing))
	}
	request := kernel.LinkRequest{}
	if is.Alias != l.Alias {
		request.Alias = &l.Alias
	}
	if is.Group != l.Group {
		request.Group = &l.Group
	}
	if is.TransmitQueue != l.TransmitQueue {
		request.TransmitQueue = &l.TransmitQueue
	}
	if l.Flags != nil && *is.Flags != *l.Flags {
		request.Flags = l.Flags
	}
	if request.Alias != nil || request.Group != nil || request.TransmitQueue != nil || request.Flags != nil {
		failures = append(failures, k.ChangeLink(name, request))
	}
	return errors.Join(failures...)
}

// RestoreTables puts back queueing disciplines, neighbours and forwarding entries, once the links are as they were.
func (s State) RestoreTables(k Kernel) error {
	raw, err := k.Links()
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for name := range s {
		names[name] = true
	}
	now, err := Observe(k, raw, names)
	if err != nil {
		return err
	}
	var failures []error
	for name, is := range now {
		was := s[name]
		failures = append(failures, was.restoreQueueing(k, name, is),
			restoreTable(was.Neighbours, ours(was.Neighbours, is.Neighbours, learned), k.SetNeighbour, k.DeleteNeighbour),
			restoreTable(was.Entries, ours(was.Entries, is.Entries, taught), k.SetBridgeEntry, k.DeleteBridgeEntry))
	}
	return errors.Join(failures...)
}

func (l *Link) restoreQueueing(k Kernel, name string, is *Link) error {
	root := l.root()
	if describeQueueing(l) == describeQueueing(is) {
		return nil
	}
	// A link that is up always has some.
	if root.Kind == "" && is.isUp && is.root().Kind == "" {
		return nil
	}
	return k.SetQueueingDiscipline(name, root)
}

// restoreTable sets what was and is not, and removes what is and was not.
func restoreTable[T comparable](was, is []T, set, remove func(T) error) error {
	var failures []error
	for _, one := range is {
		if !slices.Contains(was, one) {
			failures = append(failures, remove(one))
		}
	}
	for _, one := range was {
		if !slices.Contains(is, one) {
			failures = append(failures, set(one))
		}
	}
	return errors.Join(failures...)
}
