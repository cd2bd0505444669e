package container

import (
	"slices"
	"strings"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// hooks are the moments at which LXC calls our program for a container with a record.
var hooks = []string{"lxc.hook." + Clone, "lxc.hook." + PreStart, "lxc.hook." + StartHost}

// planFiles finds what changes in the containers' files.
func (p *planner) planFiles() error {
	hooked := false
	for _, c := range p.containers {
		if slices.ContainsFunc(p.targets, func(t *target) bool { return t.container == c && t.takeOver }) {
			c.config.TakeIn()
		}
		changes := p.editConfig(c)
		becomes := p.becomes(c)
		plain := !slices.ContainsFunc(becomes, needsHook) && len(c.config.Changes()) == 0 && len(c.record.interfaces) == 0
		if plain {
			// A container that LXC serves alone, as its configuration is: what others made stays theirs.
			becomes = nil
		}
		c.record.keep(c.Name, becomes, func(one *Interface) *string { return p.hardwareOf(c, one) })
		hooked = c.setHooks(p.machine.Program.Path) || hooked
		files, err := c.changes()
		if err != nil {
			return err
		}
		for i, file := range files {
			if err := writable(file.Path); err != nil {
				p.problems.Add("", "%v", err)
			}
			step := plan.Step{Phase: plan.Finish, Action: "write", Object: "file " + file.Path,
				Run: func() error { return replaceFile(file.Path, file.Now) }}
			if i == 0 {
				step.Changes = changes
			}
			p.files = append(p.files, file)
			p.add(step)
		}
	}
	if hooked {
		return p.planProgram()
	}
	return nil
}

// changes are the container's files that differ from what they are to be, with its record in them.
func (c *Container) changes() ([]lxc.Change, error) {
	if err := c.record.write(c.config); err != nil {
		return nil, err
	}
	files := c.config.Changes()
	if c.record.file != "" {
		files = append(files, lxc.Change{Path: c.record.file, Before: c.record.old})
	}
	return files, nil
}

// editConfig brings the configuration's lines to what is wanted, and says which options differed.
func (p *planner) editConfig(c *Container) []schema.Change {
	var changes []schema.Change
	for _, t := range p.targets {
		if t.container != c {
			continue
		}
		if t.want.Absent() {
			if t.have != nil {
				changes = append(changes, schema.Change{Option: t.want.Name, Old: "present", New: "absent"})
				c.config.RemoveNet(t.have.Index)
			}
			continue
		}
		have := &Interface{}
		if t.have != nil && t.have.kind() == t.want.kind() {
			have = &t.have.Interface
		}
		if t.have != nil && t.have.Name != t.want.Name {
			changes = append(changes, schema.Change{Option: t.want.Name + ".name", Old: t.have.Name, New: t.want.Name})
		}
		for _, change := range optionRows().Diff(t.want, have) {
			if t.have == nil && empty(change.New) {
				continue
			}
			change.Option = t.want.Name + "." + change.Option
			changes = append(changes, change)
		}
		writeTarget(c.config, t)
	}
	return changes
}

func writeTarget(config *lxc.Config, t *target) {
	switch {
	case t.have == nil:
		writeNet(config, config.FreeNet(), t.final)
	case t.have.kind() != t.want.kind():
		config.RemoveNet(t.have.Index)
		writeNet(config, t.have.Index, t.final)
	default:
		want := *t.want
		if want.LinkUp == nil {
			want.LinkUp = t.final.LinkUp
		}
		writeNet(config, t.have.Index, &want)
	}
}

// becomes is every supported interface of the container as it will be configured.
func (p *planner) becomes(c *Container) []*Interface {
	var all []*Interface
	mine := map[string]bool{}
	for _, t := range p.targets {
		if t.container != c {
			continue
		}
		mine[t.want.Name] = true
		if t.have != nil {
			mine[t.have.Name] = true
		}
		if !t.want.Absent() {
			all = append(all, t.final)
		}
	}
	for _, one := range c.configured {
		if !mine[one.Name] && one.Supported() {
			all = append(all, &one.Interface)
		}
	}
	return all
}

// hardwareOf is the MAC address that a lent NIC is known by wherever it is: it comes back under the name that it had
// inside.
func (p *planner) hardwareOf(c *Container, one *Interface) *string {
	if link := p.host.byName[deref(one.Parent)]; link != nil {
		return point(cmpOr(link.PermanentAddress, link.Address))
	}
	for i := range c.links {
		if link := &c.links[i]; link.Name == one.Name {
			return point(cmpOr(link.PermanentAddress, link.Address))
		}
	}
	return nil
}

// setHooks sees to it that LXC calls our program if, and only if, there is something to do.
func (c *Container) setHooks(program string) bool {
	needed := len(c.record.interfaces) > 0
	for _, key := range hooks {
		line := program + " hook " + strings.TrimPrefix(key, "lxc.hook.")
		ours := func(value string) bool { return strings.HasPrefix(value, program+" ") }
		found := false
		for _, value := range c.config.Values(key) {
			found = found || value == line
		}
		switch {
		case needed && !found:
			c.config.RemoveValue(key, ours)
			c.config.AddValue(key, line)
		case !needed:
			c.config.RemoveValue(key, ours)
		}
	}
	return needed
}

// planProgram puts our program where the hooks expect it.
func (p *planner) planProgram() error {
	program := p.machine.Program
	current, err := program.current()
	if err != nil || current {
		return err
	}
	p.add(plan.Step{Phase: plan.Prepare, Action: "install", Object: "program " + program.Path, Run: program.install})
	return nil
}

func replaceFile(path string, contents []byte) error {
	if contents == nil {
		return (&system.System{}).Put(system.NoFile(path))
	}
	return lxc.WriteFile(path, contents)
}
