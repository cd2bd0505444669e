package dnsmasq

import (
	"net/netip"
	"strings"
	"testing"

	"hostnet.linux/internal/system"
)

// TestNameServersThatWouldNotStartAreTold, with the line that lets both live, and not once that line is there.
func TestNameServersThatWouldNotStartAreTold(t *testing.T) {
	t.Parallel()
	const except = "bind-interfaces\nexcept-interface=lxcbr0\n"
	for name, c := range map[string]struct {
		unit, path, content string
		want                string
	}{
		"dnsmasq as installed": {"dnsmasq.service", "/etc/dnsmasq.conf", "#bind-interfaces\n#port=5353\n",
			"dnsmasq.service is enabled and would not start any more beside the name server on lxcbr0: put `bind-interfaces` " +
				"and `except-interface=lxcbr0` into /etc/dnsmasq.d/lxcbr0.conf"},
		"dnsmasq that lives with us": {"dnsmasq.service", "/etc/dnsmasq.d/lxcbr0.conf", except, ""},
		"dnsmasq for another one": {"dnsmasq.service", "/etc/dnsmasq.d/lxcbr1.conf",
			"bind-interfaces\nexcept-interface=lxcbr1\n", "would not start"},
		"dnsmasq on some addresses": {"dnsmasq.service", "/etc/dnsmasq.conf",
			"bind-dynamic\nlisten-address=127.0.0.1\ninterface=eth1 # inside\n", ""},
		"dnsmasq on ours": {"dnsmasq.service", "/etc/dnsmasq.conf", "bind-dynamic\nlisten-address=10.0.3.1\n",
			"would not start"},
		"dnsmasq for DHCP alone":       {"dnsmasq.service", "/etc/dnsmasq.conf", "port=0\n", ""},
		"dnsmasq that is switched off": {"", "/etc/dnsmasq.conf", "", ""},
		"unbound as installed": {"unbound.service", "/etc/unbound/unbound.conf", "server:\n  # interface: 0.0.0.0\n",
			""},
		"unbound everywhere": {"unbound.service", "/etc/unbound/unbound.conf.d/a.conf",
			"server:\n  interface: 0.0.0.0\n", "unbound.service is enabled and would not start any more beside the name " +
				"server on lxcbr0: name its own addresses with `interface: ADDRESS`"},
		"unbound on ours": {"unbound.service", "/etc/unbound/unbound.conf.d/a.conf",
			"server:\n  interface: 127.0.0.1\n  interface: 10.0.3.1@53\n", "unbound.service"},
		"unbound by itself": {"unbound.service", "/etc/unbound/unbound.conf.d/a.conf",
			"server:\n  interface: 192.0.2.1\n", ""},
		"named as installed": {"named.service", "/etc/bind/named.conf.options",
			"options {\n  listen-on-v6 { any; };\n};\n", "named.service is enabled and may take port 53 first beside the name " +
				"server on lxcbr0: put `listen-on { !10.0.3.1; any; };` into its options"},
		"named that lives with us": {"named.service", "/etc/bind/named.conf.options",
			"options {\n  // listen-on { any; };\n  listen-on { 192.0.2.1; };\n};\n", ""},
		"named with the line": {"named.service", "/etc/bind/named.conf.options",
			"options {\n  listen-on { !10.0.3.1; any; };\n};\n", ""},
		"resolved as installed": {"systemd-resolved.service", "/etc/systemd/resolved.conf",
			"[Resolve]\n#DNSStubListenerExtra=0.0.0.0\n", ""},
		"resolved everywhere": {"systemd-resolved.service", "/etc/systemd/resolved.conf.d/a.conf",
			"[Resolve]\nDNSStubListenerExtra=0.0.0.0\n",
			"systemd-resolved.service is enabled and would not start any more on that address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &system.System{Root: t.TempDir()}
			if err := s.Put(system.Text(c.path, c.content)); err != nil {
				t.Fatal(err)
			}
			address := netip.MustParsePrefix("10.0.3.1/24")
			instance := &Instance{Interface: "lxcbr0", Address: &address}
			enabled := func(unit string) (bool, error) { return unit == c.unit, nil }
			warnings, err := instance.rivalsAtBoot(s, enabled)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(warnings, "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("warnings %q, want %q", got, c.want)
			}
			off := false
			instance.DNS = &off
			if warnings, err := instance.rivalsAtBoot(s, enabled); err != nil || len(warnings) > 0 {
				t.Errorf("without DNS: %q, %v", warnings, err)
			}
		})
	}
}
