package dnsmasq

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"

	"hostnet.linux/internal/system"
)

// Serving is an interface that one of our dnsmasqs serves now, and the addresses at which it answers names.
type Serving struct {
	Interface string
	Addresses []netip.Addr
}

// Served finds what our dnsmasqs serve in this network namespace.
func Served(s *system.System) ([]Serving, error) {
	entries, err := os.ReadDir(s.Path(configFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	listeners, err := system.Listeners(53)
	if err != nil {
		return nil, err
	}
	listeners = slices.DeleteFunc(listeners, func(listener system.Listener) bool {
		address := listener.Address.Addr().Unmap()
		return address.IsUnspecified() || address.IsLoopback() || address.IsLinkLocalUnicast()
	})
	byConfig := map[string][]netip.Addr{}
	owners := system.OwnersOf(listeners)
	for _, listener := range listeners {
		address := listener.Address.Addr().Unmap()
		owner, found := owners[listener]
		if !found || owner.Name != "dnsmasq" {
			continue
		}
		for _, path := range settingsOf(s, owner).configs {
			if !slices.Contains(byConfig[path], address) {
				byConfig[path] = append(byConfig[path], address)
			}
		}
	}
	var out []Serving
	for _, entry := range entries {
		if addresses := byConfig[s.Path(configOf(entry.Name()))]; len(addresses) > 0 {
			out = append(out, Serving{entry.Name(), addresses})
		}
	}
	return out, nil
}
