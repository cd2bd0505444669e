package dnsmasq

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hostnet.linux/internal/system"
)

// State is what there is of the instances that a task is about. It survives JSON and can be restored.
type State struct {
	Instances []*Observed  `json:"instances"`
	Unit      system.File  `json:"unit"`   // the template of all services
	Rivals    []RivalState `json:"rivals"` // services that a takeover stops
}

// Observed is one instance.
type Observed struct {
	Interface string        `json:"interface"`
	Files     []system.File `json:"files"`
	Enabled   bool          `json:"enabled"`
	Active    bool          `json:"active"`
	// Released are lines of the file of leases that a change takes away.
	Released []string `json:"released,omitempty"`
	// started is when the running dnsmasq began, loaded whether systemd knows the unit's file.
	started time.Time
	loaded  bool
}

// RivalState is a service of others before it was taken over.
type RivalState struct {
	Interface string        `json:"interface"`
	Unit      system.Unit   `json:"unit"`
	Files     []system.File `json:"files"`
}

// Observe looks at the instances of these interfaces.
func Observe(s *system.System, links []string) (*State, error) {
	state := &State{}
	var err error
	if state.Unit, err = s.File(unitFile); err != nil {
		return nil, err
	}
	for _, link := range links {
		one, err := observe(s, link)
		if err != nil {
			return nil, err
		}
		state.Instances = append(state.Instances, one)
		rivals, err := observeRivals(s, link)
		if err != nil {
			return nil, err
		}
		state.Rivals = append(state.Rivals, rivals...)
	}
	return state, nil
}

func observe(s *system.System, link string) (*Observed, error) {
	one := &Observed{Interface: link, loaded: true}
	paths := []string{configOf(link), memoryOf(link)}
	for _, name := range reloadedFiles {
		paths = append(paths, folderOf(link)+"/"+name)
	}
	for _, path := range paths {
		file, err := s.File(path)
		if err != nil {
			return nil, err
		}
		one.Files = append(one.Files, file)
	}
	if !s.HasSystemd() {
		process, up := running(s, link)
		one.Active, one.Enabled, one.started = up, up, process.Started
		return one, nil
	}
	unit, err := s.Unit(UnitName(link))
	if err != nil {
		return nil, err
	}
	one.Active, one.Enabled, one.loaded = unit.Active, unit.Enabled, unit.Loaded
	if process, found := system.FindProcess(unit.MainPID); found {
		one.started = process.Started
	}
	return one, nil
}

// Now is what there is of the same instance at present.
func (o *Observed) Now(s *system.System) (*Observed, error) { return observe(s, o.Interface) }

func (s *State) instance(link string) *Observed {
	for _, one := range s.Instances {
		if one.Interface == link {
			return one
		}
	}
	return nil
}

// outdated tells whether the running dnsmasq began before its configuration was last written: somebody wrote it and
// did not restart, or a run of ours was cut off between the two.
func (o *Observed) outdated(s *system.System) bool {
	info, err := os.Stat(s.Path(configOf(o.Interface)))
	// The start is known to a second only.
	const grain = 2 * time.Second
	return err == nil && o.Active && info.ModTime().After(o.started.Add(grain))
}

// Restore makes the instances as they were, and the services of others that a takeover stopped.
func Restore(s *system.System, before *State) error {
	var failures []error
	try := func(err error) { failures = append(failures, err) }
	unitNow, err := s.File(unitFile)
	try(err)
	for _, was := range before.Instances {
		now, err := observe(s, was.Interface)
		if err != nil {
			try(err)
			continue
		}
		changed := !slices.EqualFunc(was.Files, now.Files, system.File.Equal)
		missing, leases, err := was.missingLeases(s)
		try(err)
		if now.Active && (!was.Active || changed || len(missing) > 0) {
			try(stop(s, was.Interface))
			now.Active = false
		}
		if len(missing) > 0 {
			try(giveBack(s, leases, missing))
		}
		if now.Enabled && !was.Enabled && s.HasSystemd() {
			try(s.Disable(UnitName(was.Interface)))
		}
		for _, file := range was.Files {
			try(s.PutBack(file))
		}
		s.RemoveEmptyFolder(folderOf(was.Interface))
		if was.Active && !now.Active {
			defer func() { _ = start(s, was.Interface, was.Enabled) }()
		}
	}
	try(s.Sweep(before.Unit.Path))
	if !unitNow.Equal(before.Unit) {
		try(s.Put(before.Unit))
		try(reloadUnits(s))
	}
	for _, rival := range before.Rivals {
		try(rival.restore(s))
	}
	return errors.Join(failures...)
}

func reloadUnits(s *system.System) error {
	if !s.HasSystemd() {
		return nil
	}
	return s.ReloadUnits()
}

// start, restart, reload and stop act on the service or, without systemd, on the processes.
func start(s *system.System, link string, enable bool) error {
	if !s.HasSystemd() {
		return startDirectly(s, link)
	}
	if enable {
		if err := s.Enable(UnitName(link)); err != nil {
			return err
		}
	}
	return s.Start(UnitName(link))
}

func restart(s *system.System, link string) error {
	if !s.HasSystemd() {
		return errors.Join(stopDirectly(s, link), startDirectly(s, link))
	}
	return s.Restart(UnitName(link))
}

func reload(s *system.System, link string) error {
	if !s.HasSystemd() {
		process, up := running(s, link)
		if !up {
			return startDirectly(s, link)
		}
		return syscall.Kill(process.PID, syscall.SIGHUP)
	}
	return s.Reload(UnitName(link))
}

func stop(s *system.System, link string) error {
	if !s.HasSystemd() {
		return stopDirectly(s, link)
	}
	return s.Stop(UnitName(link))
}

// others tells whether instances of other interfaces have their configuration here.
func others(s *system.System, link string) bool {
	entries, err := os.ReadDir(s.Path(configFolder))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(entry os.DirEntry) bool {
		return entry.IsDir() && entry.Name() != link && s.Exists(configOf(entry.Name()))
	})
}

// userFor is the user that dnsmasq is to run as.
func (i *Instance) userFor(s *system.System) (string, bool) {
	known := slices.Collect(maps.Values(users(s)))
	if i.User != "" {
		return i.User, slices.Contains(known, i.User)
	}
	for _, name := range []string{"lxc-dnsmasq", "dnsmasq", "nobody"} {
		if slices.Contains(known, name) {
			return name, true
		}
	}
	return "root", true
}

// users are the names of the host's users, by their numbers.
func users(s *system.System) map[int]string {
	file, err := s.File("/etc/passwd")
	if err == nil && !file.Present {
		// A network namespace has files of its own, and the host's users.
		file, err = (&system.System{}).File("/etc/passwd")
	}
	names := map[int]string{}
	if err != nil {
		return names
	}
	for line := range strings.Lines(string(file.Content)) {
		fields := strings.Split(line, ":")
		if len(fields) < 3 {
			continue
		}
		if number, err := strconv.Atoi(fields[2]); err == nil {
			names[number] = fields[0]
		}
	}
	return names
}
