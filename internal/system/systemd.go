package system

import (
	"fmt"
	"strings"
	"time"
)

// serviceLimit bounds systemctl: a service that starts waits for nothing but a program here.
const serviceLimit = 90 * time.Second

// HasSystemd tells whether systemd runs the host (sd_booted(3)).
func (s *System) HasSystemd() bool { return s.Exists("/run/systemd/system") }

func (s *System) systemctl(arguments ...string) (string, error) {
	return s.Run(serviceLimit, nil, "systemctl", arguments...)
}

// Unit is the state of a systemd unit. It survives JSON.
type Unit struct {
	Name    string `json:"name"`
	Known   bool   `json:"known"`
	Enabled bool   `json:"enabled"`
	Active  bool   `json:"active"`
	Failed  bool   `json:"failed,omitempty"`
	// MainPID is 0 when it is not running.
	MainPID int `json:"-"`
	// Loaded tells that systemd has read the unit's file as it is on the disk.
	Loaded bool `json:"-"`
}

// Unit asks systemd about a unit; on a host without systemd, nothing is known of any.
func (s *System) Unit(name string) (Unit, error) {
	unit := Unit{Name: name, Loaded: true}
	if !s.HasSystemd() {
		return unit, nil
	}
	text, err := s.systemctl("show", "--property=LoadState,UnitFileState,ActiveState,MainPID,NeedDaemonReload", name)
	if err != nil {
		return unit, err
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "LoadState":
			unit.Known = value == "loaded"
		case "UnitFileState":
			unit.Enabled = value == "enabled"
		case "ActiveState":
			unit.Active = value == "active" || value == "activating" || value == "reloading"
			unit.Failed = value == "failed"
		case "MainPID":
			_, _ = fmt.Sscan(value, &unit.MainPID)
		case "NeedDaemonReload":
			unit.Loaded = value != "yes"
		}
	}
	return unit, nil
}

// ReloadUnits makes systemd read its files again.
func (s *System) ReloadUnits() error {
	_, err := s.systemctl("daemon-reload")
	return err
}

// Enable and the others do what systemctl does under these names.
func (s *System) Enable(unit string) error { return s.control("enable", unit) }

// Disable takes the unit out of the boot.
func (s *System) Disable(unit string) error { return s.control("disable", unit) }

// Start starts the unit and waits until it runs. A unit that failed too often is given another chance.
func (s *System) Start(unit string) error {
	_, _ = s.systemctl("reset-failed", unit)
	return s.control("start", unit)
}

// Restart starts the unit anew.
func (s *System) Restart(unit string) error {
	_, _ = s.systemctl("reset-failed", unit)
	return s.control("restart", unit)
}

// Reload asks the unit's program to read its files again.
func (s *System) Reload(unit string) error { return s.control("reload", unit) }

// Stop stops the unit.
func (s *System) Stop(unit string) error { return s.control("stop", unit) }

// control runs systemctl, and on failure adds what the service itself said.
func (s *System) control(verb, unit string) error {
	_, err := s.systemctl(verb, unit)
	if err == nil {
		return nil
	}
	log, logErr := s.Run(serviceLimit, nil, "journalctl", "--unit="+unit, "--lines=5", "--no-pager", "--output=cat")
	if logErr != nil || log == "" {
		return err
	}
	return fmt.Errorf("%w; its log ends: %s", err, strings.ReplaceAll(log, "\n", " | "))
}
