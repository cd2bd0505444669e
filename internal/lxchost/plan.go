package lxchost

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

const (
	configPath = "/etc/lxc/default.conf"
	// memoryPath holds the file as it was before the first run.
	memoryPath = "/var/lib/hostnet/lxc_host.json"
)

// Plan compares the host with what is declared and finds the steps. It changes nothing.
func (h *Host) Plan(s *system.System) ([]plan.Step, error) {
	config, err := s.File(configPath)
	if err != nil {
		return nil, err
	}
	memory, err := remembered(s)
	if err != nil {
		return nil, err
	}
	if h.Absent() {
		return putBack(s, config, memory), nil
	}
	missing, err := h.missing(s)
	if err != nil {
		return nil, err
	}
	var steps []plan.Step
	if len(missing) > 0 {
		steps = append(steps, plan.Step{
			Phase: plan.Prepare, Action: "install", Object: "packages " + strings.Join(missing, ", "),
			Run: func() error { return s.Install(missing...) },
		})
	}
	want := system.File{Path: configPath, Present: true, Content: []byte(h.config(string(config.Content))), Mode: 0o644}
	if memory == nil {
		// Written first: a run that is cut off in between still knows what there was.
		steps = append(steps, plan.Step{
			Phase: plan.Serve, Action: "write", Object: "file " + memoryPath, Run: func() error { return remember(s) },
		})
	}
	if !want.Equal(config) || len(missing) > 0 {
		steps = append(steps, plan.Step{
			Phase: plan.Serve, Action: "write", Object: "file " + configPath, Changes: changeOf(config, want),
			// A package that was installed just now may have brought the file.
			Run: func() error { return h.write(s) },
		})
	}
	return steps, nil
}

func (h *Host) packages(s *system.System) []string {
	switch {
	case h.Packages != nil:
		return *h.Packages
	case s.IsDebian():
		// Without AppArmor's programs, containers with its profile do not start.
		return []string{"apparmor", "debootstrap", "dnsmasq-base", "lxc", "lxc-templates"}
	}
	return []string{"lxc", "dnsmasq"}
}

func (h *Host) missing(s *system.System) ([]string, error) {
	var names []string
	for _, name := range h.packages(s) {
		there, err := s.Installed(name)
		if err != nil {
			return nil, err
		}
		if !there {
			names = append(names, name)
		}
	}
	return names, nil
}

func (h *Host) write(s *system.System) error {
	config, err := s.File(configPath)
	if err != nil {
		return err
	}
	return s.Put(system.Text(configPath, h.config(string(config.Content))))
}

// remembered is the file from before the first run; nil is "there was no run".
func remembered(s *system.System) (*system.File, error) {
	file, err := s.File(memoryPath)
	if err != nil || !file.Present {
		return nil, err
	}
	var was system.File
	if err := json.Unmarshal(file.Content, &was); err != nil {
		return nil, fmt.Errorf("%s, which says how %s was before the first run, is damaged: %w", memoryPath, configPath, err)
	}
	return &was, nil
}

func remember(s *system.System) error {
	config, err := s.File(configPath)
	if err != nil {
		return err
	}
	content, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("cannot write down how %s was: %w", configPath, err)
	}
	return s.Put(system.Text(memoryPath, string(content)+"\n"))
}

func putBack(s *system.System, config system.File, memory *system.File) []plan.Step {
	if memory == nil {
		return nil
	}
	action := "write"
	if !memory.Present {
		action = "remove"
	}
	return []plan.Step{
		{
			Phase: plan.Serve, Action: action, Object: "file " + configPath, Changes: changeOf(config, *memory),
			Run: func() error { return s.Put(*memory) },
		},
		{Phase: plan.Finish, Action: "remove", Object: "file " + memoryPath,
			Run: func() error { return s.Put(system.NoFile(memoryPath)) }},
	}
}

func changeOf(old, fresh system.File) []schema.Change {
	change := schema.Change{Option: "content"}
	if old.Present {
		change.Old = string(old.Content)
	}
	if fresh.Present {
		change.New = string(fresh.Content)
	}
	return []schema.Change{change}
}

// Files are those that the steps may change.
func Files() []string { return []string{configPath, memoryPath} }

// Run carries the steps out, looks whether all was kept, and puts the files back if not. beforeStep, if set, is called
// ahead of each step with its number from 0.
func (h *Host) Run(s *system.System, steps []plan.Step, beforeStep func(int) error) error {
	var before []system.File
	for _, path := range Files() {
		file, err := s.File(path)
		if err != nil {
			return err
		}
		before = append(before, file)
	}
	err := plan.Run(steps, beforeStep)
	if err == nil {
		err = h.verify(s)
	}
	if err == nil {
		return nil
	}
	for _, file := range before {
		err = errors.Join(err, s.Put(file))
	}
	return fmt.Errorf("%w; %s is as it was", err, configPath)
}

func (h *Host) verify(s *system.System) error {
	left, err := h.Plan(s)
	if err != nil {
		return err
	}
	var problems []error
	for _, step := range left {
		problems = append(problems, step.NotAsPlanned())
	}
	return errors.Join(problems...)
}
