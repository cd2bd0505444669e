package task

import (
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// bus is what tells where a card is.
type bus interface {
	BusAddress(name string) (string, error)
}

// cards are the network cards, by what tells one from another wherever the kernel's names have come from.
func cards(kernel bus, seen *host.Observed) []schema.Object {
	out := []schema.Object{}
	for _, one := range seen.Links.Links {
		if one.Kind != link.Hardware || one.Observed.Loopback {
			continue
		}
		card := schema.Object{{Key: "name", Value: one.Name}}
		// A port of a bond has the bond's address. Not every driver tells its own.
		mac := one.Observed.PermanentMAC
		if mac == "" && one.MAC != nil {
			mac = *one.MAC
		}
		if mac != "" {
			card.Set("mac", mac)
		}
		if address, err := kernel.BusAddress(one.Name); err == nil && address != "" {
			card.Set("pci_address", address)
		}
		out = append(out, card)
	}
	return out
}
