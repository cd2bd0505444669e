package dnsmasq

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Result is what it takes to get from the observed instances to the wanted ones.
type Result struct {
	Steps    []plan.Step
	Warnings []string
}

// Plan compares and finds the steps. What stands in the way comes back as schema.Problems, before anything is touched.
func Plan(s *system.System, current *State, wanted []*Instance) (*Result, error) {
	result := &Result{}
	var problems schema.Problems
	absent := 0
	for _, instance := range wanted {
		at := schema.At(instance.Path, &problems)
		have := current.instance(instance.Interface)
		if instance.Absent() {
			absent++
			if err := result.remove(s, instance, have); err != nil {
				return nil, err
			}
			continue
		}
		if err := result.add(s, instance, have, current, at); err != nil {
			return nil, err
		}
		later, err := instance.rivalsAtBoot(s, isEnabled(s))
		if err != nil {
			return nil, err
		}
		result.Warnings = append(result.Warnings, later...)
	}
	if absent > 0 && absent == len(wanted) && current.Unit.Present &&
		!slices.ContainsFunc(wanted, func(i *Instance) bool { return others(s, i.Interface) }) {
		result.file(s, plan.Finish, current.Unit, system.NoFile(unitFile))
		result.Steps = append(result.Steps, reloadStep(s, plan.Finish))
	}
	if absent < len(wanted) {
		dead, err := defunct(s)
		if err != nil {
			return nil, err
		}
		result.Warnings = append(result.Warnings, dead...)
	}
	return result, problems.Err()
}

// add makes the instance as wanted.
func (r *Result) add(s *system.System, i *Instance, have *Observed, current *State, at schema.Place) error {
	user, known := i.userFor(s)
	if !known {
		at.Key("user").Problem("there is no user %s on this host", user)
	}
	program := s.Find("dnsmasq")
	switch {
	case program == "" && !isOn(i.Install):
		at.Problem("dnsmasq is not installed: install the package %s, or set install: true", packageName(s))
		return nil
	case program == "":
		r.Steps = append(r.Steps, installStep(s))
	case !have.runs(s, i.files(s, user)):
		i.test(s, program, user, at)
	}
	if err := r.takeOver(s, i, have, current, at); err != nil {
		return err
	}
	changedFiles := 0
	restartNeeded := have.outdated(s)
	for _, file := range i.files(s, user) {
		old := fileNamed(have.Files, file.Path)
		if old.Equal(file) {
			continue
		}
		changedFiles++
		restartNeeded = restartNeeded || file.Path == configOf(i.Interface)
		r.file(s, plan.Serve, old, file)
	}
	if s.HasSystemd() {
		if unit := system.Text(unitFile, unitText); !current.Unit.Equal(unit) {
			if !slices.ContainsFunc(r.Steps, func(step plan.Step) bool { return step.Object == "file "+unitFile }) {
				r.file(s, plan.Serve, current.Unit, unit)
			}
			r.Steps = append(r.Steps, reloadStep(s, plan.Serve))
			restartNeeded = restartNeeded || have.Active
		} else if !have.loaded {
			r.Steps = append(r.Steps, reloadStep(s, plan.Serve))
		}
	}
	released, err := r.reserve(s, i, have)
	if err != nil {
		return err
	}
	r.service(s, i.Interface, have, restartNeeded || released, changedFiles > 0)
	return nil
}

// runs tells whether this dnsmasq serves with these files already: then it has accepted them, and need not be started
// to test them.
func (o *Observed) runs(s *system.System, files []system.File) bool {
	return o.Active && !o.outdated(s) &&
		!slices.ContainsFunc(files, func(file system.File) bool { return !fileNamed(o.Files, file.Path).Equal(file) })
}

// takeOver finds the steps that get the interface from others, and tells of those who keep it.
func (r *Result) takeOver(s *system.System, i *Instance, have *Observed, current *State, at schema.Place) error {
	found, err := rivals(s, i)
	if err != nil {
		return err
	}
	var before []RivalState
	for _, one := range current.Rivals {
		if one.Interface == i.Interface {
			before = append(before, one)
		}
	}
	memory := fileNamed(have.Files, memoryOf(i.Interface))
	if len(before) > 0 && !memory.Present {
		// A note for ourselves, with whole files of others, which no diff shows: that is for the operator.
		note := memoryFile(i.Interface, before)
		r.Steps = append(r.Steps, plan.Step{Phase: plan.Serve, Action: "write", Object: "file " + note.Path,
			Run: func() error { return s.Put(note) }})
	}
	serves := false
	for _, rival := range found {
		serves = serves || rival.kind == lxcNet
		if !rival.canTakeOver() || !isOn(i.Takeover) {
			at.Problem("%s", rival.describe(i.Interface))
			continue
		}
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Serve, Action: "take over",
			Object: fmt.Sprintf("dnsmasq of %s on %s (PID %d)", rival.kind, i.Interface, rival.process.PID),
			Run:    func() error { return rival.takeOver(s) },
		})
	}
	if waiting := slices.ContainsFunc(before,
		func(one RivalState) bool { return one.Unit.Name == rivalUnits[lxcNet] }); waiting && !serves {
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Serve, Action: "switch off", Object: "lxc-net on " + i.Interface +
				", which would remove the bridge at boot",
			Run: func() error { return switchOff(s) },
		})
	}
	return i.checkPorts(s, found, at)
}

// service starts, restarts or reloads, whichever is needed.
func (r *Result) service(s *system.System, link string, have *Observed, restartNeeded, changed bool) {
	step := plan.Step{Phase: plan.Serve, Object: "dnsmasq on " + link}
	switch {
	case !have.Active:
		step.Action, step.Run = "start", func() error { return start(s, link, true) }
	case restartNeeded:
		step.Action, step.Run = "restart", func() error { return restart(s, link) }
	case changed:
		step.Action, step.Run = "reload", func() error { return reload(s, link) }
	}
	if step.Run != nil {
		r.Steps = append(r.Steps, step)
	}
	if have.Active && !have.Enabled && s.HasSystemd() {
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Serve, Action: "enable", Object: "dnsmasq on " + link,
			Run: func() error { return s.Enable(UnitName(link)) },
		})
	}
}

// remove takes away what belongs to the instance, and gives the interface back to whoever served it before.
func (r *Result) remove(s *system.System, i *Instance, have *Observed) error {
	link := i.Interface
	before, err := remembered(have.Files, link)
	if err != nil {
		return err
	}
	first := len(r.Steps)
	if have.Active || have.Enabled {
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Remove, Action: "stop", Object: "dnsmasq on " + link,
			Run: func() error {
				if s.HasSystemd() && have.Enabled {
					if err := s.Disable(UnitName(link)); err != nil {
						return err
					}
				}
				return stop(s, link)
			},
		})
	}
	for _, file := range have.Files {
		if file.Present {
			r.file(s, plan.Finish, file, system.NoFile(file.Path))
		}
	}
	if len(r.Steps) > first {
		last := &r.Steps[len(r.Steps)-1]
		run := last.Run
		last.Run = func() error {
			err := run()
			s.RemoveEmptyFolder(folderOf(link))
			s.RemoveEmptyFolder(configFolder)
			return err
		}
	}
	for _, one := range before {
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Finish, Action: "give back", Object: link + " to " + one.Unit.Name,
			Run: func() error { return one.restore(s) },
		})
	}
	return nil
}

func (r *Result) file(s *system.System, phase plan.Phase, old, fresh system.File) {
	step := plan.Step{
		Phase: phase, Action: "write", Object: "file " + fresh.Path,
		Changes: []schema.Change{{Option: "content", Old: contentOf(old), New: contentOf(fresh)}},
		Run:     func() error { return s.Put(fresh) },
	}
	if !fresh.Present {
		step.Action = "remove"
	}
	r.Steps = append(r.Steps, step)
}

func contentOf(file system.File) any {
	if !file.Present {
		return nil
	}
	return strings.TrimPrefix(string(file.Content), head)
}

func fileNamed(files []system.File, path string) system.File {
	for _, file := range files {
		if file.Path == path {
			return file
		}
	}
	return system.NoFile(path)
}

func reloadStep(s *system.System, phase plan.Phase) plan.Step {
	return plan.Step{Phase: phase, Action: "reload", Object: "systemd's unit files",
		Run: func() error { return reloadUnits(s) }}
}
