package backend

import (
	"errors"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/manager"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// UsesNetworkd tells whether systemd-networkd makes what is kept on this host.
func UsesNetworkd(s *system.System) (bool, error) {
	unit, err := s.File(unitFile)
	text := string(unit.Content)
	return text == recoverText || text == withProgram(recoverText, PackagedProgram), err
}

// Render gives systemd-networkd's files.
type Render func() ([]system.File, error)

// InstallNetworkd has systemd-networkd make the host as declared at boot. The MAC addresses in its files may be those
// of links that only the run makes: now gives the files by the host as it is, then by the host after the run.
func InstallNetworkd(s *system.System, now, then Render) (*Installation, error) {
	out := &Installation{}
	unit, err := s.Unit(manager.Networkd)
	if err == nil && !unit.Known {
		err = errors.New("persist: networkd: this host has no systemd-networkd")
	}
	if err != nil {
		return nil, err
	}
	program, err := out.program(s)
	if err != nil {
		return nil, err
	}
	if err := out.service(s, system.Text(unitFile, withProgram(recoverText, program)), nil); err != nil {
		return nil, err
	}
	if err := out.networkd(s, now, then); err != nil {
		return nil, err
	}
	if !unit.Enabled {
		out.Units = append(out.Units, manager.Networkd)
		out.Steps = append(out.Steps, plan.Step{Phase: plan.Finish, Action: "enable", Object: "service systemd-networkd",
			Run: func() error { return s.Enable(manager.Networkd) }})
	}
	return out, nil
}

// networkd makes its files those that now and then give; nil is none.
func (i *Installation) networkd(s *system.System, now, then Render) error {
	stale, err := filepath.Glob(s.Path(networkd.Folder + networkd.Prefix + "*"))
	if err != nil {
		return err
	}
	var wanted []system.File
	if now != nil {
		if wanted, err = now(); err != nil {
			return err
		}
	}
	for _, path := range stale {
		path = networkd.Folder + filepath.Base(path)
		if !slices.ContainsFunc(wanted, func(f system.File) bool { return f.Path == path }) {
			wanted = append(wanted, system.NoFile(path))
		}
	}
	for _, want := range wanted {
		have, err := s.File(want.Path)
		if err != nil {
			return err
		}
		if have.Equal(want) {
			continue
		}
		step := plan.Step{Phase: plan.Finish, Action: "write", Object: "file " + want.Path,
			Run: func() error { return write(s, want.Path, then) }}
		if !want.Present {
			step.Action, step.Run = "remove", func() error { return s.Put(want) }
		}
		i.Steps = append(i.Steps, step)
		i.Files = append(i.Files, want.Path)
	}
	if len(i.Files) > 0 && len(wanted) > 0 && manager.IsActive(s, manager.Networkd) {
		i.Managers = append(i.Managers, manager.Networkd)
		i.Steps = append(i.Steps, plan.Step{Phase: plan.Finish, Depth: 1, Action: "restart",
			Object: "service systemd-networkd",
			Run:    func() error { return manager.Restart(s, manager.Networkd) }})
	}
	return nil
}

func write(s *system.System, path string, then Render) error {
	files, err := then()
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.Path == path {
			return s.Put(file)
		}
	}
	return nil
}
