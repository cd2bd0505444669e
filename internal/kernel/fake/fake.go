// Package fake is a kernel in memory, to test plans against without privileges. It keeps what it is told, refuses what
// the real one refuses, does by itself what the real one does, and prints itself as text. What it knows of Linux is
// proved against Linux by the tests of the netns tier, not here.
package fake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Kernel is the state of one network namespace.
type Kernel struct {
	// Refuse, if set, is called ahead of each write with its number from 0. Its error is the kernel's answer.
	Refuse func(number int) error
	// Writes counts what was written.
	Writes int

	links     []*link
	nextIndex int
	// randomAddresses counts those that bonds without ports have got.
	randomAddresses int
	addresses       []kernel.Address
	routes          []kernel.Route
	rules           []kernel.Rule
	neighbours      []kernel.Neighbour
	vlans           map[int][]kernel.BridgeVLAN
	forwarding      map[int][]kernel.ForwardingEntry
}

// New is a namespace with the loopback link and network cards of the given names, all of them down.
func New(cards ...string) *Kernel {
	k := &Kernel{vlans: map[int][]kernel.BridgeVLAN{}, forwarding: map[int][]kernel.ForwardingEntry{}}
	loopback := k.enter("lo", "")
	loopback.Flags, loopback.MTU, loopback.Address = unix.IFF_LOOPBACK, 65536, "00:00:00:00:00:00"
	for _, name := range cards {
		card := k.enter(name, "")
		card.PermanentAddress = card.Address
	}
	return k
}

// write is called ahead of whatever changes the state.
func (k *Kernel) write() error {
	number := k.Writes
	k.Writes++
	if k.Refuse != nil {
		return k.Refuse(number)
	}
	return nil
}

// refusal is what the kernel says and why.
func refusal(errno unix.Errno, format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), errno)
}

// LoadKind knows every kind.
func (k *Kernel) LoadKind(string) error { return nil }

// CheckKind knows every kind as well.
func (k *Kernel) CheckKind(string) error { return nil }

// NamespaceID knows no other namespace.
func (k *Kernel) NamespaceID(namespace string) (int, error) {
	return -1, refusal(unix.ENOENT, "network namespace %q", namespace)
}

// LinkNameIn knows no other namespace.
func (k *Kernel) LinkNameIn(namespace string, _ int) (string, error) {
	return "", refusal(unix.ENOENT, "network namespace %q", namespace)
}

// BusAddress is that of a card: its index is the slot.
func (k *Kernel) BusAddress(name string) (string, error) {
	card := k.find(name)
	if card == nil || card.Kind != "" || card.Flags&unix.IFF_LOOPBACK != 0 {
		return "", nil
	}
	return fmt.Sprintf("0000:%02x:00.0", card.Index), nil
}

// settingPlaces are the files of /proc/sys/net below conf/NAME that the kernel reports with the link.
var settingPlaces = map[string]int{
	"ipv4/forwarding": 0, "ipv4/proxy_arp": 2, "ipv4/rp_filter": 7,
	"ipv6/forwarding": 0, "ipv6/accept_ra": 3,
}

// Setting reads a file below /proc/sys/net.
func (k *Kernel) Setting(path string) (string, error) {
	value, err := k.setting(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(*value), nil
}

// SetSetting writes a file below /proc/sys/net.
func (k *Kernel) SetSetting(path, text string) error {
	value, err := k.setting(path)
	if err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	if _, err := fmt.Sscan(text, value); err != nil {
		return refusal(unix.EINVAL, "%s", path)
	}
	return nil
}

func (k *Kernel) setting(path string) (*int32, error) {
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[1] == "conf" {
		place, known := settingPlaces[parts[0]+"/"+parts[3]]
		if found := k.find(parts[2]); known && found != nil {
			if parts[0] == "ipv4" {
				return &found.IPv4[place], nil
			}
			return &found.IPv6[place], nil
		}
	}
	return nil, refusal(unix.ENOENT, "%s", path)
}

// BridgeVLANs are those of bridges and their ports.
func (k *Kernel) BridgeVLANs() (map[int][]kernel.BridgeVLAN, error) {
	out := map[int][]kernel.BridgeVLAN{}
	for index, vlans := range k.vlans {
		out[index] = slices.Clone(vlans)
	}
	return out, nil
}

// AddBridgeVLANs gives a port or a bridge VLANs, or changes the flags of those that it has.
func (k *Kernel) AddBridgeVLANs(name string, _ bool, vlans []kernel.BridgeVLAN) error {
	found, err := k.mustFind(name)
	if err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	have := k.vlans[found.Index]
	for _, vlan := range vlans {
		have = slices.DeleteFunc(have, func(v kernel.BridgeVLAN) bool { return v.ID == vlan.ID })
		for i := range have {
			have[i].PVID = have[i].PVID && !vlan.PVID
		}
		have = append(have, vlan)
	}
	slices.SortFunc(have, func(a, b kernel.BridgeVLAN) int { return int(a.ID) - int(b.ID) })
	k.vlans[found.Index] = have
	return nil
}

// DeleteBridgeVLANs takes VLANs from a port or a bridge.
func (k *Kernel) DeleteBridgeVLANs(name string, _ bool, vlans []kernel.BridgeVLAN) error {
	found, err := k.mustFind(name)
	if err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	for _, vlan := range vlans {
		k.vlans[found.Index] = slices.DeleteFunc(k.vlans[found.Index],
			func(v kernel.BridgeVLAN) bool { return v.ID == vlan.ID })
	}
	return nil
}

// ForwardingEntries are those of VXLANs.
func (k *Kernel) ForwardingEntries() (map[int][]kernel.ForwardingEntry, error) {
	return maps.Clone(k.forwarding), nil
}

// AddForwardingEntry puts an entry into the table of a VXLAN.
func (k *Kernel) AddForwardingEntry(name string, entry kernel.ForwardingEntry) error {
	found, err := k.mustFind(name)
	if err != nil {
		return err
	}
	if slices.Contains(k.forwarding[found.Index], entry) {
		return refusal(unix.EEXIST, "forwarding entry %s", entry.Address)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.forwarding[found.Index] = append(slices.Clone(k.forwarding[found.Index]), entry)
	return nil
}

// DeleteForwardingEntry takes an entry from the table of a VXLAN.
func (k *Kernel) DeleteForwardingEntry(name string, entry kernel.ForwardingEntry) error {
	found, err := k.mustFind(name)
	if err != nil {
		return err
	}
	place := slices.Index(k.forwarding[found.Index], entry)
	if place < 0 {
		return refusal(unix.ENOENT, "forwarding entry %s", entry.Address)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.forwarding[found.Index] = slices.Delete(slices.Clone(k.forwarding[found.Index]), place, place+1)
	return nil
}

// ChosenAddresses are the links whose address has been set.
func (k *Kernel) ChosenAddresses() (map[string]bool, error) {
	chosen := map[string]bool{}
	for _, one := range k.links {
		chosen[one.Name] = one.chosenAddress
	}
	return chosen, nil
}
