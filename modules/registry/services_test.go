package registry_test

import (
	"testing"

	"hostnet.linux/internal/lxchost"
	"hostnet.linux/internal/services"
	"hostnet.linux/modules/registry"
)

// TestExamplesOfServices reads the documented tasks that only a whole host can carry out.
func TestExamplesOfServices(t *testing.T) {
	for name, parse := range map[string]func(map[string]any) error{
		"lxc_bridge": func(arguments map[string]any) error { _, _, err := services.ParseBridge(arguments); return err },
		"lxc_host":   func(arguments map[string]any) error { _, err := lxchost.Parse(arguments); return err },
		"dnsmasq":    func(arguments map[string]any) error { _, _, err := services.ParseDNSMasq(arguments); return err },
	} {
		module, err := registry.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range examples(t, module) {
			if err := parse(one.Arguments); err != nil {
				t.Errorf("%s: %s: %v", name, one.Name, err)
			}
		}
	}
}
