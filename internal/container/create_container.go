package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// planCreate makes a container that is missing.
func (m *Machine) planCreate(life *Life, folder string) ([]plan.Step, error) {
	name := *life.Name
	template := lxc.Template{Name: deref(life.Template), Arguments: deref(life.Options)}
	change := schema.Change{Option: "template", New: template.Name}
	var steps []plan.Step
	if life.Rootfs != nil {
		info, err := os.Stat(*life.Rootfs)
		if err != nil {
			return nil, fmt.Errorf("rootfs: %w", err)
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("rootfs: %s is neither a folder nor an archive", *life.Rootfs)
		}
		// LXC makes containers by templates alone: this program is one that copies.
		template = lxc.Template{Name: m.Program.Path, Arguments: []string{"--source=" + *life.Rootfs}}
		change = schema.Change{Option: "rootfs", New: *life.Rootfs}
		current, err := m.Program.current()
		if err != nil {
			return nil, err
		}
		if !current {
			steps = append(steps, plan.Step{Phase: plan.Prepare, Action: "install", Object: "program " + m.Program.Path, Run: m.Program.install})
		}
	}
	ranges, err := idMap(deref(life.Config))
	if err != nil {
		return nil, err
	}
	if template.Name == "" {
		return nil, fmt.Errorf("container %s does not exist in %s: to make it, template or rootfs is required", name, folder)
	}
	if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
		return nil, fmt.Errorf("%s exists and is no container: move it away", filepath.Join(folder, name))
	}
	return append(steps, plan.Step{
		Phase: plan.Create, Action: "create", Object: "container " + name, Changes: []schema.Change{change},
		Run: func() error {
			err := m.Runtime.Create(folder, name, template)
			if err != nil || life.Rootfs == nil || ranges == nil {
				return err
			}
			if err := shift(filepath.Join(folder, name, "rootfs"), ranges); err != nil {
				// With some of its files in other hands it would count as made.
				return errors.Join(err, m.Runtime.Destroy(folder, name))
			}
			return nil
		},
	}), nil
}

// planLines adds the lines that the configuration lacks. That of a container that is yet to be made lacks all.
func (m *Machine) planLines(life *Life, folder string, state lxc.State) ([]plan.Step, error) {
	file := configFile(folder, *life.Name)
	missing := deref(life.Config)
	if state.Defined {
		config, err := lxc.ReadConfig(file, lxc.Disk{})
		if err != nil {
			return nil, err
		}
		missing = nil
		for _, line := range deref(life.Config) {
			key, value := splitLine(line)
			if !slices.Contains(config.Values(key), value) {
				missing = append(missing, line)
			}
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	changes := make([]schema.Change, len(missing))
	for i, line := range missing {
		key, value := splitLine(line)
		changes[i] = schema.Change{Option: key, New: value}
	}
	return []plan.Step{{
		Phase: plan.Change, Action: "write", Object: "file " + file, Changes: changes,
		Run: func() error { return addLines(file, missing) },
	}}, nil
}

func splitLine(line string) (key, value string) {
	key, value, _ = strings.Cut(line, "=")
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

func addLines(file string, lines []string) error {
	config, err := lxc.ReadConfig(file, lxc.Disk{})
	if err != nil {
		return err
	}
	for _, line := range lines {
		config.AddValue(splitLine(line))
	}
	for _, change := range config.Changes() {
		if err := lxc.WriteFile(change.Path, change.Now); err != nil {
			return err
		}
	}
	return nil
}

// IsTemplate tells whether the arguments are those of a template of LXC's.
func IsTemplate(arguments []string) bool {
	return len(arguments) > 0 && strings.HasPrefix(arguments[0], "--")
}

// common is what LXC's own templates include: mounts, devices and capabilities.
const common = "/usr/share/lxc/config/common.conf"

// Template makes a container as LXC asks its templates to: the root file system is a copy of the source.
func Template(arguments []string) error {
	given := map[string]string{}
	for _, argument := range arguments {
		key, value, _ := strings.Cut(argument, "=")
		given[key] = value
	}
	source, root, path, name := given["--source"], given["--rootfs"], given["--path"], given["--name"]
	if source == "" || root == "" || path == "" || name == "" {
		return errors.New("a template needs --path, --name, --rootfs and --source: it is called by LXC")
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	command := exec.Command("tar", "-x", "-p", "--numeric-owner", "-f", source, "-C", root)
	if info.IsDir() {
		command = exec.Command("cp", "-a", filepath.Clean(source)+"/.", root)
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot copy %s: %w: %s", source, err, said)
	}
	// Where they are missing nothing can be mounted.
	for _, folder := range []string{"dev", "proc", "sys"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	if !validName(name) {
		return fmt.Errorf("%q is no name for a container", name)
	}
	lines := []string{"lxc.uts.name = " + name}
	if _, err := os.Stat(common); err == nil {
		lines = append([]string{"lxc.include = " + common}, lines...)
	}
	return addLines(filepath.Join(path, "config"), lines)
}
