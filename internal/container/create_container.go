package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// planCreate makes a container that is missing.
func (m *Machine) planCreate(life *Spec, folder string) ([]plan.Step, error) {
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
			steps = append(steps, plan.Step{Phase: plan.Prepare, Action: "install", Object: "program " + m.Program.Path,
				Run: m.Program.install})
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
			if err != nil || ranges == nil || !belongsToRoot(filepath.Join(folder, name, "rootfs")) {
				return err
			}
			err = errors.Join(shift(filepath.Join(folder, name, "rootfs"), ranges), letIn(filepath.Join(folder, name), ranges))
			if err != nil {
				// With some of its files in other hands it would count as made.
				return errors.Join(err, m.Runtime.Destroy(folder, name))
			}
			return nil
		},
	}), nil
}

// belongsToRoot tells the root file systems that are still to be given to a container's own users: LXC does it by
// itself where its default configuration has the map.
func belongsToRoot(root string) bool {
	var stat unix.Stat_t
	return unix.Lstat(root, &stat) == nil && stat.Uid == 0
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
	file := filepath.Join(path, "config")
	config, err := lxc.ReadConfig(file, lxc.Disk{})
	if err != nil {
		return err
	}
	for _, line := range lines {
		config.AddValue(splitLine(line))
	}
	return writeConfig(config)
}
