package dnsmasq

import (
	"encoding/json"
	"fmt"
	"syscall"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/system"
)

// Files of lxc-net, see /usr/libexec/lxc/lxc-net of Debian's package lxc.
const (
	lxcNetDefaults = "/etc/default/lxc-net"
	lxcNetRunning  = "/run/lxc/network_up"
	lxcNetPID      = "/run/lxc/dnsmasq.pid"
)

var rivalUnits = map[rivalKind]string{lxcNet: "lxc-net.service", lxcDnsmasq: "lxc-dnsmasq.service"}

// observeRivals notes how the services are that a takeover would stop, or that would serve the interface from the next
// boot on.
func observeRivals(s *system.System, link string) ([]RivalState, error) {
	found, err := rivals(s, &Instance{Interface: link})
	if err != nil {
		return nil, err
	}
	kinds := map[rivalKind]bool{}
	for _, rival := range found {
		kinds[rival.kind] = true
	}
	if kinds[lxcNet], err = waits(s, link, kinds[lxcNet]); err != nil {
		return nil, err
	}
	var out []RivalState
	for _, kind := range []rivalKind{lxcNet, lxcDnsmasq} {
		if !kinds[kind] {
			continue
		}
		one := RivalState{Interface: link}
		if one.Unit, err = s.Unit(rivalUnits[kind]); err != nil {
			return nil, err
		}
		if kind == lxcNet {
			file, err := s.File(lxcNetDefaults)
			if err != nil {
				return nil, err
			}
			one.Files = append(one.Files, file)
			one.Unit.Active = serves(s, one.Unit)
		}
		out = append(out, one)
	}
	return out, nil
}

// assignment is a line of lxc-net's settings, which are shell.
var assignment = pattern.Of(`(?m)^[ \t]*(?:export[ \t]+)?(USE_LXC_BRIDGE|LXC_BRIDGE)=["']?([^"'#\s]*)`)

// waits tells whether lxc-net, if it does not serve the interface already, would from the next boot on: lxc.service
// starts it even where it is disabled, and it begins with removing a bridge that is there.
func waits(s *system.System, link string, serves bool) (bool, error) {
	unit, err := s.Unit("lxc-net.service")
	if err != nil || serves || !unit.Known {
		return serves, err
	}
	settings := map[string]string{"USE_LXC_BRIDGE": "true", "LXC_BRIDGE": "lxcbr0"}
	for _, path := range []string{"/etc/default/lxc", lxcNetDefaults} {
		file, err := s.File(path)
		if err != nil {
			return false, err
		}
		for _, match := range assignment().FindAllStringSubmatch(string(file.Content), -1) {
			settings[match[1]] = match[2]
		}
	}
	return settings["USE_LXC_BRIDGE"] == "true" && settings["LXC_BRIDGE"] == link, nil
}

// switchOff keeps an lxc-net that does not run from taking the interface at boot.
func switchOff(s *system.System) error {
	defaults, err := s.File(lxcNetDefaults)
	if err != nil {
		return err
	}
	return s.Put(system.Text(lxcNetDefaults, withoutBridge(string(defaults.Content))))
}

// memoryOf is the file that says which services served the interface before, so that they get it back in the end.
func memoryOf(link string) string { return "/var/lib/hostnet/dnsmasq/" + link + ".json" }

// remembered is what that file says.
func remembered(files []system.File, link string) ([]RivalState, error) {
	file := fileNamed(files, memoryOf(link))
	if !file.Present {
		return nil, nil
	}
	var out []RivalState
	if err := json.Unmarshal(file.Content, &out); err != nil {
		return nil, fmt.Errorf("%s, which says what served %s before, is damaged: %w", memoryOf(link), link, err)
	}
	return out, nil
}

func memoryFile(link string, rivals []RivalState) system.File {
	content, _ := json.Marshal(rivals) // texts and switches alone, which cannot fail
	return system.Text(memoryOf(link), string(content)+"\n")
}

// takeOver stops the rival for good, and leaves its leases, the bridge, its address and the containers on it alone.
func (r rival) takeOver(s *system.System) error {
	switch r.kind {
	case lxcNet:
		return r.takeOverLXCNet(s)
	case lxcDnsmasq:
		// It stops dnsmasq and removes its rules, and does not touch the bridge.
		if err := s.Disable("lxc-dnsmasq.service"); err != nil {
			return err
		}
		if err := s.Stop("lxc-dnsmasq.service"); err != nil {
			return err
		}
	}
	return r.end()
}

// takeOverLXCNet has to keep `lxc-net stop` from taking the bridge down, which it does unless USE_LXC_BRIDGE is false;
// with that, its start does nothing either, so lxc.service may want it at boot as before.
func (r rival) takeOverLXCNet(s *system.System) error {
	if err := switchOff(s); err != nil {
		return err
	}
	for _, path := range []string{lxcNetRunning, lxcNetPID} {
		if err := s.Put(system.NoFile(path)); err != nil {
			return err
		}
	}
	if unit, err := s.Unit("lxc-net.service"); err != nil {
		return err
	} else if unit.Known {
		if err := s.Disable("lxc-net.service"); err != nil {
			return err
		}
		// With its main process gone long ago, this ends the dnsmasq in its control group.
		if err := s.Stop("lxc-net.service"); err != nil {
			return err
		}
	}
	return r.end()
}

// end makes sure that the process is gone.
func (r rival) end() error {
	if process, found := system.FindProcess(r.process.PID); !found || process.Name != "dnsmasq" {
		return nil
	}
	if err := syscall.Kill(r.process.PID, syscall.SIGTERM); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("cannot end dnsmasq with PID %d: %w", r.process.PID, err)
	}
	if err := waitForEnd(r.process.PID); err != nil {
		return fmt.Errorf("dnsmasq with PID %d does not end: %w", r.process.PID, err)
	}
	return nil
}

var useBridgeLine = pattern.Of(`(?m)^[ \t]*(export[ \t]+)?USE_LXC_BRIDGE=.*$`)

// withoutBridge switches lxc-net off in its settings and keeps the rest of them.
func withoutBridge(text string) string {
	const off = `USE_LXC_BRIDGE="false"`
	if useBridgeLine().MatchString(text) {
		return useBridgeLine().ReplaceAllString(text, off)
	}
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	return text + off + "\n"
}

// restore gives the interface back to the service that had it. An lxc-net that starts anew sets its bridge up again,
// and keeps it where containers are attached.
func (r RivalState) restore(s *system.System) error {
	for _, file := range r.Files {
		if err := s.Sweep(file.Path); err != nil {
			return err
		}
		now, err := s.File(file.Path)
		if err != nil {
			return err
		}
		if now.Equal(file) {
			continue
		}
		if err := s.Put(file); err != nil {
			return err
		}
	}
	now, err := s.Unit(r.Unit.Name)
	if err != nil {
		return err
	}
	if r.Unit.Enabled && !now.Enabled {
		if err := s.Enable(r.Unit.Name); err != nil {
			return err
		}
	}
	if r.Unit.Active && !serves(s, now) {
		return s.Restart(r.Unit.Name)
	}
	return nil
}

// serves tells whether a service does its work: lxc.service starts an lxc-net at boot that is switched off, which is
// active then and serves nothing.
func serves(s *system.System, unit system.Unit) bool {
	return unit.Active && (unit.Name != rivalUnits[lxcNet] || s.Exists(lxcNetRunning))
}
