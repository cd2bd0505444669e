// Package lxchost is what LXC needs on a host beside its network: its packages, and what a new container is given
// (/etc/lxc/default.conf).
package lxchost

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
)

// Host is what is declared.
type Host struct {
	State     string
	Packages  *[]string
	Bridge    string
	Interface string
	MTU       *uint32
	MAC       string
	Lines     *[]string
}

// Defaults of Debian's /etc/lxc/default.conf, and of lxc-create for the address.
const (
	defaultBridge    = "lxcbr0"
	defaultInterface = "eth0"
	defaultMAC       = "00:16:3e:xx:xx:xx"
)

// Options are all options of the module lxc_host.
func Options() schema.Table[Host] {
	return schema.Table[Host]{
		schema.Value("state", schema.Choice("present", "absent"), func(h *Host) *string { return &h.State },
			"V(absent) puts /etc/lxc/default.conf back as it was before the first run. Packages stay.").Assume("present"),
		schema.Field("packages", schema.List(packageForm()), func(h *Host) **[]string { return &h.Packages },
			"The packages to install where they are missing; an empty list installs none. Left out, it is lxc and dnsmasq, "+
				"and on Debian "+
				"lxc-templates, debootstrap and apparmor as well."),
		schema.Value("bridge", schema.LinkName(), func(h *Host) *string { return &h.Bridge },
			"The bridge that a new container is attached to.").Assume(defaultBridge),
		schema.Value("interface", schema.LinkName(), func(h *Host) *string { return &h.Interface },
			"What the interface is called inside.").Assume(defaultInterface),
		schema.Field("mtu", schema.Int[uint32](68, 65535), func(h *Host) **uint32 { return &h.MTU },
			"The interface's MTU. Left out, LXC takes that of the bridge."),
		schema.Value("mac_template", macTemplate(), func(h *Host) *string { return &h.MAC },
			"The MAC address of a new container; each C(x) becomes a random digit.").Assume(defaultMAC),
		schema.Field("default_config", schema.List(configLine()), func(h *Host) **[]string { return &h.Lines },
			"Further lines of /etc/lxc/default.conf, such as C(lxc.start.auto = 1). Each takes the place of lines with the "+
				"same key."),
	}
}

func same(text string) string { return text }

var packagePattern = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9.+_:-]*$`)

func packageForm() schema.Form[string] {
	return schema.Text(func(text string) (string, error) {
		if !packagePattern().MatchString(text) {
			return "", fmt.Errorf("must be the name of a package, not %q", text)
		}
		return text, nil
	}, same)
}

var macPattern = pattern.Of(`^[0-9a-fA-FxX]{2}(:[0-9a-fA-FxX]{2}){5}$`)

func macTemplate() schema.Form[string] {
	return schema.Text(func(text string) (string, error) {
		if !macPattern().MatchString(text) {
			return "", fmt.Errorf("must be a MAC address with x for random digits such as %s, not %q", defaultMAC, text)
		}
		return strings.ToLower(text), nil
	}, same)
}

var linePattern = pattern.Of(`^(lxc\.[a-zA-Z0-9_.]+)\s*=\s*(.*\S)?\s*$`)

func configLine() schema.Form[string] {
	return schema.Text(func(text string) (string, error) {
		parts := linePattern().FindStringSubmatch(text)
		switch {
		case parts == nil || strings.ContainsAny(text, "\n\r\x00"):
			return "", fmt.Errorf("must be one line such as lxc.start.auto = 1, not %q", text)
		case strings.HasPrefix(parts[1], networkKeys):
			return "", fmt.Errorf("%q: the network is what the other options say", text)
		}
		return parts[1] + " = " + parts[2], nil
	}, same)
}

// Parse reads the arguments of the module, and fills in the defaults.
func Parse(arguments map[string]any) (*Host, error) {
	h := &Host{Bridge: defaultBridge, Interface: defaultInterface, MAC: defaultMAC}
	var problems schema.Problems
	Options().Parse(h, arguments, schema.At("", &problems))
	return h, problems.Err()
}

// Absent tells whether the file is to be as before the first run.
func (h *Host) Absent() bool { return h.State == "absent" }
