package fake

import (
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Neighbours are those that were set on the named links.
func (k *Kernel) Neighbours(links map[string]bool) ([]kernel.Neighbour, error) {
	var found []kernel.Neighbour
	for _, one := range k.neighbours {
		if links[one.Link] {
			found = append(found, one)
		}
	}
	return found, nil
}

func sameNeighbour(one kernel.Neighbour) func(kernel.Neighbour) bool {
	return func(other kernel.Neighbour) bool {
		return other.Link == one.Link && other.Address == one.Address && other.Proxy == one.Proxy
	}
}

// SetNeighbour makes an entry or changes it.
func (k *Kernel) SetNeighbour(one kernel.Neighbour) error {
	if _, err := k.mustFind(one.Link); err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	k.neighbours = append(slices.DeleteFunc(k.neighbours, sameNeighbour(one)), one)
	return nil
}

// DeleteNeighbour removes an entry.
func (k *Kernel) DeleteNeighbour(one kernel.Neighbour) error {
	if !slices.ContainsFunc(k.neighbours, sameNeighbour(one)) {
		return refusal(unix.ENOENT, "neighbour %s", one.Address)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.neighbours = slices.DeleteFunc(k.neighbours, sameNeighbour(one))
	return nil
}

// flush drops the neighbours of a link, as a new address and going down do (neigh_changeaddr, neigh_ifdown).
func (k *Kernel) flush(link string) {
	k.neighbours = slices.DeleteFunc(k.neighbours,
		func(one kernel.Neighbour) bool { return one.Link == link && !one.Proxy })
}

// BridgeEntries are none: nobody makes any.
func (k *Kernel) BridgeEntries(map[string]bool) ([]kernel.BridgeEntry, error) { return nil, nil }

// SetBridgeEntry is refused.
func (k *Kernel) SetBridgeEntry(one kernel.BridgeEntry) error {
	return refusal(unix.EOPNOTSUPP, "forwarding entry %s", one.MAC)
}

// DeleteBridgeEntry finds none.
func (k *Kernel) DeleteBridgeEntry(one kernel.BridgeEntry) error {
	return refusal(unix.ENOENT, "forwarding entry %s", one.MAC)
}

// QueueingDisciplines are none: nobody sets any.
func (k *Kernel) QueueingDisciplines(map[string]bool) (map[string][]kernel.QueueingDiscipline, error) {
	return nil, nil
}

// SetQueueingDiscipline is refused.
func (k *Kernel) SetQueueingDiscipline(link string, _ kernel.QueueingDiscipline) error {
	return refusal(unix.EOPNOTSUPP, "queueing discipline of %s", link)
}

// AddAlternativeNames gives a link names beside its own.
func (k *Kernel) AddAlternativeNames(link string, names []string) error {
	one, err := k.mustFind(link)
	if err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	one.AlternativeNames = append(slices.Clone(one.AlternativeNames), names...)
	return nil
}

// DeleteAlternativeNames takes names from a link.
func (k *Kernel) DeleteAlternativeNames(link string, names []string) error {
	one, err := k.mustFind(link)
	if err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	one.AlternativeNames = slices.DeleteFunc(slices.Clone(one.AlternativeNames),
		func(name string) bool { return slices.Contains(names, name) })
	return nil
}
