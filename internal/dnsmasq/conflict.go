package dnsmasq

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// rivalKind is whose a dnsmasq is.
type rivalKind string

const (
	lxcNet     rivalKind = "lxc-net"
	lxcDnsmasq rivalKind = "lxc-dnsmasq" // OpenStack-Ansible's
	libvirt    rivalKind = "libvirt"
	incus      rivalKind = "Incus or LXD"
	stray      rivalKind = "nobody"
	ours       rivalKind = "hostnet"
	service    rivalKind = "another service"
)

// rival is a dnsmasq that serves an interface, or its address, instead of us.
type rival struct {
	kind    rivalKind
	process system.Process
}

// canTakeOver tells whether we know how to stop it for good.
func (r rival) canTakeOver() bool {
	return r.kind == lxcNet || r.kind == lxcDnsmasq || r.kind == stray
}

// rivals finds the dnsmasq processes of this namespace that serve the interface or an address, but not ours.
func rivals(s *system.System, i *Instance) ([]rival, error) {
	processes, err := dnsmasqProcesses(s)
	if err != nil {
		return nil, err
	}
	var out []rival
	for _, process := range processes {
		settings := settingsOf(s, process)
		if process.Zombie || !settings.serves(i) {
			continue
		}
		if kind := kindOf(s, process, settings, i.Interface); kind != ours {
			out = append(out, rival{kind, process})
		}
	}
	return out, nil
}

// dnsmasqProcesses are those of this network namespace that serve, and those that have ended without anybody noticing.
// Any user can call a process dnsmasq, with a command line that leads to anything.
func dnsmasqProcesses(s *system.System) ([]system.Process, error) {
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return nil, err
	}
	var sockets []system.Listener
	for _, port := range []uint16{53, 67, 547} { // DNS, DHCP, DHCPv6
		found, err := system.Listeners(port)
		if err != nil {
			return nil, err
		}
		sockets = append(sockets, found...)
	}
	all, err := system.Processes(isDNSMasq, serving(s))
	return slices.DeleteFunc(all, func(p system.Process) bool {
		return !p.Zombie && (p.NetworkNamespace != own || !p.Holds(sockets))
	}), err
}

func isDNSMasq(name string) bool { return name == "dnsmasq" }

// serving tells whether a dnsmasq of that user may be one that serves: root's, or of a user that it changes to.
func serving(s *system.System) func(user int) bool {
	known := users(s)
	return func(user int) bool {
		account := known[user]
		return user == 0 || strings.Contains(account, "dnsmasq") ||
			slices.Contains([]string{"nobody", "incus", "lxd"}, account)
	}
}

// defunct tells of dnsmasq processes that have ended and that nobody has noticed: they look as if they served.
func defunct(s *system.System) ([]string, error) {
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return nil, err
	}
	all, err := system.Processes(isDNSMasq, serving(s))
	if err != nil {
		return nil, err
	}
	var warnings []string
	for _, process := range all {
		// What has ended has no namespace any more, but its parent has.
		parent, found := system.FindProcess(process.Parent)
		if !process.Zombie || !found || parent.NetworkNamespace != own || slices.Contains(parent.Command, SuperviseCommand) {
			continue
		}
		warnings = append(warnings,
			fmt.Sprintf(
				"a defunct dnsmasq (PID %d) is left over: it serves nothing and holds no port; it goes once %s (PID %d) ends",
				process.PID, parent.Name, parent.PID))
	}
	return warnings, nil
}

// settings are the parts of a running dnsmasq's configuration that tell whom it serves.
type settings struct {
	interfaces, addresses, configs []string
}

// settingsOf reads the command line, and the configuration files that it names.
func settingsOf(s *system.System, process system.Process) settings {
	var out settings
	for n, argument := range process.Command {
		next := ""
		if n+1 < len(process.Command) {
			next = process.Command[n+1]
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(argument, "--"), "=")
		switch {
		case strings.HasPrefix(argument, "--") && joined:
			out.add(name, value)
		case strings.HasPrefix(argument, "--"):
			out.add(name, next)
		case argument == "-i", argument == "-a", argument == "-C":
			out.add(map[string]string{"-i": "interface", "-a": "listen-address", "-C": "conf-file"}[argument], next)
		}
	}
	for _, path := range slices.Clone(out.configs) {
		file, err := s.File(strings.TrimPrefix(path, s.Root))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(file.Content)) {
			if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
				out.add(strings.TrimSpace(name), strings.TrimSpace(value))
			}
		}
	}
	return out
}

func (s *settings) add(name, value string) {
	values := strings.Split(value, ",")
	switch name {
	case "interface":
		s.interfaces = append(s.interfaces, values...)
	case "listen-address":
		s.addresses = append(s.addresses, values...)
	case "conf-file":
		s.configs = append(s.configs, value)
	}
}

func (s settings) serves(i *Instance) bool {
	if slices.Contains(s.interfaces, i.Interface) {
		return true
	}
	for _, own := range []*netip.Prefix{i.Address, i.Address6} {
		if own != nil && slices.Contains(s.addresses, own.Addr().String()) {
			return true
		}
	}
	return false
}

func kindOf(s *system.System, process system.Process, settings settings, link string) rivalKind {
	line := strings.Join(process.Command, " ")
	pid, _ := s.File("/run/lxc/dnsmasq.pid")
	switch {
	case process.Unit == UnitName(link):
		return ours
	case !s.HasSystemd() && slices.Contains(settings.configs, s.Path(configOf(link))) && supervised(process):
		return ours
	case process.Unit == "lxc-dnsmasq.service":
		return lxcDnsmasq
	case process.Unit == "lxc-net.service", strings.TrimSpace(string(pid.Content)) == fmt.Sprint(process.PID):
		return lxcNet
	case strings.Contains(line, "/libvirt/"):
		return libvirt
	case strings.Contains(line, "/incus/"), strings.Contains(line, "/lxd/"), strings.Contains(process.Unit, "incus"),
		strings.Contains(process.Unit, "lxd"):
		return incus
	case process.Unit == "" || !s.HasSystemd():
		return stray
	}
	return service
}

// describe says whose the dnsmasq is and what to do about it.
func (r rival) describe(link string) string {
	pid := r.process.PID
	switch r.kind {
	case lxcNet:
		return fmt.Sprintf("lxc-net serves %s already (dnsmasq with PID %d): set takeover: true to move the interface over "+
			"with its leases, or "+
			"USE_LXC_BRIDGE=\"false\" in /etc/default/lxc-net", link, pid)
	case lxcDnsmasq:
		return fmt.Sprintf("OpenStack-Ansible's lxc-dnsmasq.service serves %s already (PID %d): set takeover: true to move "+
			"the interface over with its leases", link, pid)
	case libvirt:
		return fmt.Sprintf("libvirt serves %s already (dnsmasq with PID %d): use another bridge, or end that network with "+
			"`virsh net-destroy` and `virsh net-autostart --disable`", link, pid)
	case incus:
		return fmt.Sprintf("Incus or LXD serves %s already (dnsmasq with PID %d): use another bridge, or set ipv4.dhcp and "+
			"dns.mode of that network to none", link, pid)
	case stray:
		return fmt.Sprintf("a stale dnsmasq that belongs to no service serves %s (PID %d, since %s: %s): end it with `kill "+
			"%d`, or set takeover: true",
			link, pid, r.process.Started.UTC().Format("2006-01-02 15:04 MST"), strings.Join(r.process.Command, " "), pid)
	}
	return fmt.Sprintf("%s serves %s already (dnsmasq with PID %d): stop it with `systemctl disable --now %s`",
		r.process.Unit, link, pid, r.process.Unit)
}

// checkPorts finds out who else waits on the ports that the instance needs.
func (i *Instance) checkPorts(s *system.System, known []rival, at schema.Place) error {
	ports := []uint16{}
	if i.WantsDNS() {
		ports = append(ports, 53)
	}
	if i.WantsDHCP() {
		ports = append(ports, 67)
	}
	told := map[int]bool{}
	for _, port := range ports {
		listeners, err := system.Listeners(port)
		if err != nil {
			return err
		}
		listeners = slices.DeleteFunc(listeners, func(l system.Listener) bool { return !i.collides(l.Address.Addr()) })
		owners := system.OwnersOf(listeners)
		for _, listener := range listeners {
			address := listener.Address.Addr()
			owner, found := owners[listener]
			if found && (told[owner.PID] || isDnsmasqOf(s, owner, i, known) || port == 67 && owner.Name == "dnsmasq") {
				continue // several dnsmasq share port 67, each bound to its interface
			}
			told[owner.PID] = true
			at.Problem("port %d on %s is taken by %s", port, address, portAdvice(owner, found, i.Interface))
		}
	}
	return nil
}

// collides tells whether a socket on the address stands in the way of one on ours.
func (i *Instance) collides(address netip.Addr) bool {
	if address.IsUnspecified() {
		return address.Is4() || i.Address6 != nil || i.Address != nil
	}
	return i.Address != nil && address.Unmap() == i.Address.Addr() || i.Address6 != nil && address == i.Address6.Addr()
}

func isDnsmasqOf(s *system.System, owner system.Process, i *Instance, known []rival) bool {
	if slices.ContainsFunc(known, func(r rival) bool { return r.process.PID == owner.PID }) {
		return true // told already, with its own message
	}
	return owner.Name == "dnsmasq" && kindOf(s, owner, settingsOf(s, owner), i.Interface) == ours
}

func portAdvice(owner system.Process, found bool, link string) string {
	switch {
	case !found:
		return "a program that cannot be told: see `ss -lnp`"
	case owner.Unit == "dnsmasq.service":
		return fmt.Sprintf("the host's own dnsmasq.service (PID %d), which listens on every address: put `bind-interfaces` "+
			"and `except-interface=%s` into "+
			"/etc/dnsmasq.d/%s.conf and restart it, or run `systemctl disable --now dnsmasq`", owner.PID, link, link)
	case owner.Unit != "":
		return fmt.Sprintf("%s (%s, PID %d): keep it off %s, or set dns: false", owner.Unit, filepath.Base(owner.Name),
			owner.PID, link)
	}
	return fmt.Sprintf("%s (PID %d): keep it off %s, or set dns: false", owner.Name, owner.PID, link)
}
