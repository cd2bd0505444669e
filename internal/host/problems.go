package host

import (
	"errors"
	"slices"
	"strings"

	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// MoreProblems adds to what is wrong with the arguments what this host has against the links that could be read, so
// that the operator mends all in one go. It says nothing that may only follow from what could not be read.
func (h *Host) MoreProblems(wanted *State, found schema.Problems) schema.Problems {
	var links []*link.Link
	var unread []string
	for _, one := range wanted.Interfaces {
		l := one.Link
		if slices.ContainsFunc(found, func(problem schema.Problem) bool { return isWithin(problem.Path, l.Path) }) {
			if l.Name == "" {
				return found // others may stand on it
			}
			unread = append(unread, l.Path)
			l = link.Link{Name: l.Name, Kind: l.Kind, Path: l.Path, Parent: l.Parent, Ports: l.Ports, Peer: l.Peer,
				PeerNS: l.PeerNS}
			l.SetDefaults()
		}
		links = append(links, &l)
	}
	current, err := link.Observe(h.Kernel, link.DetailFor(links), nil)
	if err != nil {
		return found
	}
	var more schema.Problems
	if _, err := link.Plan(h.Kernel, current, links); !errors.As(err, &more) {
		return found
	}
	for _, problem := range more {
		if !slices.ContainsFunc(unread, func(path string) bool { return isWithin(problem.Path, path) }) {
			found = append(found, problem)
		}
	}
	return found
}

// isWithin tells whether a place in the arguments is another one, or in it.
func isWithin(path, outer string) bool {
	rest, within := strings.CutPrefix(path, outer)
	return within && (outer == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}
