package dnsmasq

import (
	"fmt"
	"regexp"
	"syscall"

	"hostnet.linux/internal/system"
)

// Files of lxc-net, see /usr/libexec/lxc/lxc-net of Debian's package lxc.
const (
	lxcNetDefaults = "/etc/default/lxc-net"
	lxcNetRunning  = "/run/lxc/network_up"
	lxcNetPID      = "/run/lxc/dnsmasq.pid"
)

var rivalUnits = map[rivalKind]string{lxcNet: "lxc-net.service", lxcDnsmasq: "lxc-dnsmasq.service"}

// observeRivals notes how the services are that a takeover would stop.
func observeRivals(s *system.System, link string) ([]RivalState, error) {
	found, err := rivals(s, &Instance{Interface: link})
	if err != nil {
		return nil, err
	}
	var out []RivalState
	for _, rival := range found {
		name, known := rivalUnits[rival.kind]
		if !known {
			continue
		}
		one := RivalState{Interface: link}
		if one.Unit, err = s.Unit(name); err != nil {
			return nil, err
		}
		if rival.kind == lxcNet {
			for _, path := range []string{lxcNetDefaults, lxcNetRunning, lxcNetPID} {
				file, err := s.File(path)
				if err != nil {
					return nil, err
				}
				one.Files = append(one.Files, file)
			}
		}
		out = append(out, one)
	}
	return out, nil
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
	defaults, err := s.File(lxcNetDefaults)
	if err != nil {
		return err
	}
	if err := s.Put(system.Text(lxcNetDefaults, withoutBridge(string(defaults.Content)))); err != nil {
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

var useBridgeLine = regexp.MustCompile(`(?m)^[ \t]*(export[ \t]+)?USE_LXC_BRIDGE=.*$`)

// withoutBridge switches lxc-net off in its settings and keeps the rest of them.
func withoutBridge(text string) string {
	const off = `USE_LXC_BRIDGE="false"`
	if useBridgeLine.MatchString(text) {
		return useBridgeLine.ReplaceAllString(text, off)
	}
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	return text + off + "\n"
}

// restore gives the interface back to the service that had it. Starting lxc-net anew sets its bridge up again.
func (r RivalState) restore(s *system.System) error {
	now, err := s.Unit(r.Unit.Name)
	if err != nil {
		return err
	}
	if now.Enabled == r.Unit.Enabled && now.Active == r.Unit.Active {
		return nil
	}
	for _, file := range r.Files {
		if file.Path != lxcNetRunning && file.Path != lxcNetPID {
			if err := s.Put(file); err != nil {
				return err
			}
		}
	}
	if r.Unit.Enabled {
		if err := s.Enable(r.Unit.Name); err != nil {
			return err
		}
	}
	if r.Unit.Active {
		return s.Start(r.Unit.Name)
	}
	return nil
}
