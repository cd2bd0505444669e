package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// serviceLimit bounds every request: a service that starts waits for nothing but a program here.
const serviceLimit = 90 * time.Second

// HasSystemd tells whether systemd runs the host (sd_booted(3)).
func (s *System) HasSystemd() bool { return s.Exists("/run/systemd/system") }

// manager is a connection to systemd.
type manager struct {
	*systemd.Conn
	// bus is the connection below, for what the library has no call for.
	bus *dbus.Conn
}

// systemd is the one connection to systemd that all requests take. It leads to systemd itself, which needs no D-Bus
// daemon: at boot there is none yet.
func (s *System) systemd() (*manager, error) {
	s.connecting.Lock()
	defer s.connecting.Unlock()
	if s.manager != nil && s.manager.Connected() {
		return s.manager, nil
	}
	connection, err := connect(dialSystemd)
	if err != nil {
		// Not root, or in a container that has the bus alone.
		var byBus error
		if connection, byBus = connect(func() (*dbus.Conn, error) { return dbus.ConnectSystemBus() }); byBus == nil {
			byBus = connection.Subscribe()
		}
		if byBus != nil {
			return nil, fmt.Errorf("cannot reach systemd: %w", errors.Join(err, byBus))
		}
	}
	s.manager = connection
	return connection, nil
}

func connect(dial func() (*dbus.Conn, error)) (*manager, error) {
	out := &manager{}
	var err error
	// The library has a second connection for signals.
	out.Conn, err = systemd.NewConnection(func() (*dbus.Conn, error) {
		bus, err := dial()
		if out.bus == nil {
			out.bus = bus
		}
		return bus, err
	})
	return out, err
}

func dialSystemd() (*dbus.Conn, error) {
	connection, err := dbus.Dial("unix:path=/run/systemd/private")
	if err != nil {
		return nil, err
	}
	if err := connection.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return connection, nil
}

// fileState tells from the disk how a unit is enabled, "" for one without a file. The unit's own property is from
// before the last time that we have enabled or disabled it.
func (m *manager) fileState(ctx context.Context, unit string) string {
	var state string
	object := m.bus.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	if err := object.CallWithContext(ctx, "org.freedesktop.systemd1.Manager.GetUnitFileState", 0,
		unit).Store(&state); err != nil {
		return ""
	}
	return state
}

// ask calls systemd, for no longer than serviceLimit.
func (s *System) ask(what, unit string, f func(ctx context.Context, manager *manager) error) error {
	manager, err := s.systemd()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), serviceLimit)
	defer cancel()
	if err := f(ctx, manager); err != nil {
		return fmt.Errorf("systemd: %s: %w", strings.TrimSpace(what+" "+unit), err)
	}
	return nil
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
	err := s.ask("show", name, func(ctx context.Context, manager *manager) error {
		properties, err := manager.GetUnitPropertiesContext(ctx, name)
		if err != nil {
			return err
		}
		active, _ := properties["ActiveState"].(string)
		stale, _ := properties["NeedDaemonReload"].(bool)
		unit.Known = properties["LoadState"] == "loaded"
		unit.Enabled = manager.fileState(ctx, name) == "enabled"
		unit.Active = active == "active" || active == "activating" || active == "reloading"
		unit.Failed, unit.Loaded = active == "failed", !stale
		if !unit.Active {
			return nil
		}
		// Units of other types have no process.
		if main, err := manager.GetServicePropertyContext(ctx, name, "MainPID"); err == nil {
			pid, _ := main.Value.Value().(uint32)
			unit.MainPID = int(pid)
		}
		return nil
	})
	return unit, err
}

// ReloadUnits makes systemd read its files again, unless it knows all of ours as they are: what it has not read yet, it
// reads when it is asked for it.
func (s *System) ReloadUnits() error {
	return s.ask("daemon-reload", "", func(ctx context.Context, manager *manager) error {
		return manager.reloadStale(ctx)
	})
}

func (m *manager) reloadStale(ctx context.Context) error {
	units, err := m.ListUnitsByPatternsContext(ctx, nil, []string{"hostnet*"})
	if err != nil {
		return err
	}
	for _, unit := range units {
		stale, err := m.GetUnitPropertyContext(ctx, unit.Name, "NeedDaemonReload")
		if err != nil || stale.Value.Value() != false {
			return m.ReloadContext(ctx)
		}
	}
	return nil
}

// Enable and the others do what systemctl does under these names. Like it, they have systemd read its files again where
// it takes a new link for a change of the units (systemd 256 and later).
func (s *System) Enable(unit string) error {
	return s.ask("enable", unit, func(ctx context.Context, manager *manager) error {
		if _, _, err := manager.EnableUnitFilesContext(ctx, []string{unit}, false, false); err != nil {
			return err
		}
		return manager.reloadStale(ctx)
	})
}

// Disable takes the unit out of the boot.
func (s *System) Disable(unit string) error {
	return s.ask("disable", unit, func(ctx context.Context, manager *manager) error {
		if _, err := manager.DisableUnitFilesContext(ctx, []string{unit}, false); err != nil {
			return err
		}
		return manager.reloadStale(ctx)
	})
}

// Start starts the unit and waits until it runs. A unit that failed too often is given another chance.
func (s *System) Start(unit string) error {
	return s.job("start", unit, (*systemd.Conn).StartUnitContext)
}

// Restart starts the unit anew.
func (s *System) Restart(unit string) error {
	return s.job("restart", unit, (*systemd.Conn).RestartUnitContext)
}

// Reload asks the unit's program to read its files again.
func (s *System) Reload(unit string) error {
	return s.job("reload", unit, (*systemd.Conn).ReloadUnitContext)
}

// Stop stops the unit.
func (s *System) Stop(unit string) error {
	return s.job("stop", unit, (*systemd.Conn).StopUnitContext)
}

// Kill ends the unit's main process at once, so that it has no time to hand anything over to its next run.
func (s *System) Kill(unit string) error {
	return s.ask("kill", unit, func(ctx context.Context, manager *manager) error {
		return manager.KillUnitWithTarget(ctx, unit, systemd.Main, int32(unix.SIGKILL))
	})
}

// job has systemd do something with a unit, waits for its end, and on failure adds what the service itself said.
func (s *System) job(
	verb, unit string, begin func(manager *systemd.Conn, ctx context.Context, name, mode string, ended chan<- string) (int,
		error),
) error {
	err := s.ask(verb, unit, func(ctx context.Context, manager *manager) error {
		if verb == "start" || verb == "restart" {
			// An error says that it has not failed, or is not loaded yet.
			_ = manager.ResetFailedUnitContext(ctx, unit)
		}
		ended := make(chan string, 1)
		if _, err := begin(manager.Conn, ctx, unit, "replace", ended); err != nil {
			return err
		}
		select {
		case result := <-ended:
			if result != "done" && result != "skipped" {
				return fmt.Errorf("the job ended with %q", result)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("the job did not end in %s", serviceLimit)
		}
	})
	if err == nil {
		return nil
	}
	log, logErr := s.Run(serviceLimit, nil, "journalctl", "--unit="+unit, "--lines=5", "--no-pager", "--output=cat")
	if logErr != nil || log == "" {
		return err
	}
	return fmt.Errorf("%w; its log ends: %s", err, strings.ReplaceAll(log, "\n", " | "))
}
