package dnsmasq

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/system"
)

// nameServer is a service of the host that wants port 53 as well, whether it runs now or will at the next boot.
type nameServer struct {
	units []string
	files []string // its settings, as patterns of paths
	// collides tells whether it would ask for the port on the interface's address, too.
	collides func(settings string, i *Instance) bool
	// remedy is the line that lets both live, and where it belongs.
	remedy func(i *Instance) string
	// effect is what happens without it.
	effect string
}

const (
	wouldNotStart = "would not start any more"
	wouldBeFirst  = "may take port 53 first"
)

// Lines of settings; comments are gone by then.
var (
	dnsmasqAlone   = pattern.Of(`(?m)^\s*(bind-interfaces|bind-dynamic)\s*$`)
	dnsmasqOff     = pattern.Of(`(?m)^\s*port\s*=\s*0\s*$`)
	dnsmasqSome    = pattern.Of(`(?m)^\s*(interface|listen-address)\s*=\s*(\S+)`)
	dnsmasqExcept  = pattern.Of(`(?m)^\s*except-interface\s*=\s*(\S+)`)
	unboundListens = pattern.Of(`(?m)^\s*(?:interface|ip-address)\s*:\s*"?([^"\s@]+)`)
	unboundAll     = pattern.Of(`(?m)^\s*interface-automatic\s*:\s*yes`)
	namedListens   = pattern.Of(`(?s)listen-on\s*(?:port\s+\d+\s*)?\{([^}]*)\}`)
	resolvedExtra  = pattern.Of(`(?m)^\s*DNSStubListenerExtra\s*=\s*(\S+)`)
)

var nameServers = []nameServer{
	{
		units: []string{"dnsmasq.service"}, files: []string{"/etc/dnsmasq.conf", "/etc/dnsmasq.d/*"}, effect: wouldNotStart,
		collides: dnsmasqCollides,
		remedy: func(i *Instance) string {
			return fmt.Sprintf("put `bind-interfaces` and `except-interface=%[1]s` into /etc/dnsmasq.d/%[1]s.conf", i.Interface)
		},
	},
	{
		units: []string{"unbound.service"},
		files: []string{"/etc/unbound/unbound.conf", "/etc/unbound/unbound.conf.d/*.conf"}, effect: wouldNotStart,
		collides: func(settings string, i *Instance) bool {
			return unboundAll().MatchString(settings) ||
				slices.ContainsFunc(values(unboundListens().FindAllStringSubmatch(settings, -1)), i.isMine)
		},
		remedy: func(*Instance) string {
			return "name its own addresses with `interface: ADDRESS` in /etc/unbound/unbound.conf.d, and not every one"
		},
	},
	{
		units: []string{"named.service", "bind9.service"}, files: []string{"/etc/bind/named.conf*", "/etc/named.conf"},
		effect: wouldBeFirst,
		collides: func(settings string, i *Instance) bool {
			found := namedListens().FindStringSubmatch(settings)
			if found == nil {
				return true // it listens on every address, and on new ones as they come
			}
			addresses := strings.Fields(strings.ReplaceAll(found[1], ";", " "))
			return !slices.Contains(addresses, "!"+i.ownAddress()) && slices.ContainsFunc(addresses, i.isMine)
		},
		remedy: func(i *Instance) string {
			return fmt.Sprintf("put `listen-on { !%s; any; };` into its options (/etc/bind/named.conf.options)", i.ownAddress())
		},
	},
	{
		units:  []string{"systemd-resolved.service"},
		files:  []string{"/etc/systemd/resolved.conf", "/etc/systemd/resolved.conf.d/*.conf"},
		effect: wouldNotStart + " on that address",
		collides: func(settings string, i *Instance) bool {
			return slices.ContainsFunc(values(resolvedExtra().FindAllStringSubmatch(settings, -1)), func(address string) bool {
				return i.isMine(strings.TrimPrefix(strings.TrimSuffix(address, ":53"), "udp:"))
			})
		},
		remedy: func(i *Instance) string {
			return "name the host's other addresses with `DNSStubListenerExtra=ADDRESS` in /etc/systemd/resolved.conf.d, and " +
				"not every one"
		},
	},
}

// values are the first groups of matches.
func values(matches [][]string) []string {
	var out []string
	for _, match := range matches {
		out = append(out, match[1])
	}
	return out
}

// ownAddress is the address at which the instance answers names.
func (i *Instance) ownAddress() string {
	if i.Address != nil {
		return i.Address.Addr().String()
	}
	if i.Address6 != nil {
		return i.Address6.Addr().String()
	}
	return ""
}

// isMine tells whether whoever listens on what the text names does so on an address of the instance's as well.
func (i *Instance) isMine(text string) bool {
	mine := []string{"0.0.0.0", "::", "::0", "[::]", "*", "any", i.Interface}
	if i.Address != nil {
		mine = append(mine, i.Address.Addr().String())
	}
	if i.Address6 != nil {
		mine = append(mine, i.Address6.Addr().String())
	}
	return slices.Contains(mine, text)
}

func dnsmasqCollides(settings string, i *Instance) bool {
	switch {
	case dnsmasqOff().MatchString(settings):
		return false
	case !dnsmasqAlone().MatchString(settings):
		return true // it asks for every address, and throws away what comes by others
	case slices.Contains(values(dnsmasqExcept().FindAllStringSubmatch(settings, -1)), i.Interface):
		return false
	}
	some := dnsmasqSome().FindAllStringSubmatch(settings, -1)
	return len(some) == 0 || slices.ContainsFunc(some, func(match []string) bool { return i.isMine(match[2]) })
}

// rivalsAtBoot tells of the host's name servers that will not go together with this one from their next start on.
func (i *Instance) rivalsAtBoot(s *system.System, enabled func(unit string) (bool, error)) ([]string, error) {
	if !i.WantsDNS() {
		return nil, nil
	}
	var warnings []string
	for _, server := range nameServers {
		for _, unit := range server.units {
			on, err := enabled(unit)
			if err != nil {
				return nil, err
			}
			settings, err := settingsIn(s, server.files)
			if err != nil {
				return nil, err
			}
			if on && server.collides(settings, i) {
				warnings = append(warnings, fmt.Sprintf("%s is enabled and %s beside the name server on %s: %s", unit,
					server.effect, i.Interface, server.remedy(i)))
				break
			}
		}
	}
	return warnings, nil
}

// settingsIn are all settings, without comments.
func settingsIn(s *system.System, patterns []string) (string, error) {
	var out strings.Builder
	for _, one := range patterns {
		paths, err := filepath.Glob(s.Path(one))
		if err != nil {
			return "", err
		}
		for _, path := range paths {
			file, err := s.File(strings.TrimPrefix(path, s.Root))
			if err != nil {
				continue // a folder, or what nobody can read
			}
			for line := range strings.Lines(string(file.Content)) {
				for _, mark := range []string{"#", "//"} {
					line, _, _ = strings.Cut(line, mark)
				}
				out.WriteString(strings.TrimRight(line, "\n") + "\n")
			}
		}
	}
	return out.String(), nil
}

// isEnabled asks systemd whether a unit is started at boot.
func isEnabled(s *system.System) func(string) (bool, error) {
	return func(unit string) (bool, error) {
		if !s.HasSystemd() {
			return false, nil
		}
		found, err := s.Unit(unit)
		return found.Known && found.Enabled, err
	}
}
