package backend

import (
	_ "embed"
	"errors"
	"strings"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// WatchUnit is the service that puts back what was taken away.
const WatchUnit = "hostnet-watch.service"

const (
	watchFile = "/etc/systemd/system/" + WatchUnit
	// WatchOff is the mode in which nothing is watched, and noWatchFile remembers that a task has asked for it.
	WatchOff     = "false"
	noWatchFile  = "/etc/hostnet/.no-watch"
	watchRepair  = "repair"
	watchEnforce = "enforce"
	// watchModeFile remembers the mode where no unit of systemd's has it, unless it is the usual one.
	watchModeFile = "/etc/hostnet/.watch"
)

//go:embed watch.service
var watchText string

// WatchMode is how this host is watched: as it is already, or else as what is declared needs it.
func WatchMode(s *system.System, needed bool) (string, error) {
	if !needed || s.Exists(noWatchFile) {
		return WatchOff, nil
	}
	have, err := s.File(watchFile)
	if err != nil {
		return "", err
	}
	if _, mode, found := strings.Cut(string(have.Content), "watch --mode "); found {
		mode, _, _ = strings.Cut(mode, "\n")
		return strings.TrimSpace(mode), nil
	}
	if have, err = s.File(watchModeFile); err != nil {
		return "", err
	}
	if strings.TrimSpace(string(have.Content)) == watchEnforce {
		return watchEnforce, nil
	}
	return watchRepair, nil
}

// Watch has the host watched in a mode, from now on and after each boot. asked tells that a task has said so.
func (i *Installation) Watch(s *system.System, mode string, asked bool) error {
	if err := i.rememberWatch(s, mode, asked); err != nil {
		return err
	}
	if !s.HasSystemd() {
		return i.watchDirectly(s, mode)
	}
	want := system.NoFile(watchFile)
	if mode != WatchOff {
		want = system.Text(watchFile, strings.ReplaceAll(watchText, "MODE", mode))
	}
	have, err := s.File(watchFile)
	if err != nil {
		return err
	}
	unit, err := s.Unit(WatchUnit)
	if err != nil {
		return err
	}
	if have.Equal(want) && (mode == WatchOff || unit.Enabled && unit.Active && !i.programChanges()) {
		return nil
	}
	upkeep := have.Equal(want) && unit.Enabled && unit.Active
	i.Files, i.Units = append(i.Files, watchFile), append(i.Units, WatchUnit)
	step := plan.Step{Phase: plan.Finish, Depth: 2, Action: "start", Object: "service hostnet-watch", Upkeep: upkeep,
		Run: func() error {
			return errors.Join(s.Put(want), s.ReloadUnits(), s.Enable(WatchUnit), s.Restart(WatchUnit))
		}}
	if mode == WatchOff {
		step.Action = "stop"
		step.Run = func() error {
			return errors.Join(s.Stop(WatchUnit), s.Disable(WatchUnit), s.Put(want), s.ReloadUnits())
		}
	}
	i.Steps = append(i.Steps, step)
	return nil
}

// rememberWatch keeps what a task has said in small files.
func (i *Installation) rememberWatch(s *system.System, mode string, asked bool) error {
	off, kept := system.NoFile(noWatchFile), system.NoFile(watchModeFile)
	if mode == WatchOff && asked {
		off = system.Text(noWatchFile, "# A task said watch: false.\n")
	}
	if mode == watchEnforce && !s.HasSystemd() {
		kept = system.Text(watchModeFile, mode+"\n")
	}
	if asked || mode != WatchOff {
		if err := i.put(s, off); err != nil {
			return err
		}
	}
	return i.put(s, kept)
}

// programChanges tells whether another version of the program is installed.
func (i *Installation) programChanges() bool {
	return len(i.Steps) > 0 && i.Steps[0].Object == "file "+Program
}

// put adds a small file of ours.
func (i *Installation) put(s *system.System, want system.File) error {
	have, err := s.File(want.Path)
	if err != nil || have.Equal(want) {
		return err
	}
	action := "write"
	if !want.Present {
		action = "remove"
	}
	i.Files = append(i.Files, want.Path)
	i.Steps = append(i.Steps, plan.Step{Phase: plan.Finish, Action: action, Object: "file " + want.Path,
		Run: func() error { return s.Put(want) }})
	return nil
}
