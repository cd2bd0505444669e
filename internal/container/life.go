package container

import (
	"cmp"
	"strings"
	"sync"
	"time"
	"unicode"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Spec is what a task says of a container as a whole.
type Spec struct {
	Name     *string
	Folder   *string
	State    *string
	Template *string
	Options  *[]string
	Rootfs   *string
	Config   *[]string
	WaitFor  *string
	Wait     *uint32
}

// States that a container can be declared in.
const (
	Present = "present"
	Started = "started"
	Stopped = "stopped"
	Gone    = "absent"
)

// LifeTable is the options of the module container.
var LifeTable = sync.OnceValue(func() schema.Table[Spec] {
	return schema.Table[Spec]{
		schema.Field("name", schema.String(), func(l *Spec) **string { return &l.Name }, "The container's name.").Require(),
		schema.Field("lxc_path", schema.String(), func(l *Spec) **string { return &l.Folder },
			"The folder of the containers. Left out, LXC's own, usually C(/var/lib/lxc)."),
		schema.Field("state", schema.Choice(Started, Present, Stopped, Gone), func(l *Spec) **string { return &l.State },
			"V(present) only makes the container where it is missing, V(started) starts it too and waits until its network "+
				"works, V(stopped) "+
				"makes and stops it, V(absent) stops and deletes it with all its files.").Assume(Started),
		schema.Field("template", schema.String(), func(l *Spec) **string { return &l.Template },
			"One of LXC's templates, such as V(busybox) or V(download), or the path of one on the target, for a container "+
				"that is missing."),
		schema.Field("template_options", schema.List(schema.String()), func(l *Spec) **[]string { return &l.Options },
			"The template's own arguments, such as V(--dist), V(debian)."),
		schema.Field("rootfs", schema.String(), func(l *Spec) **string { return &l.Rootfs },
			"In place of O(template), a folder or a tar archive on the target that is copied and becomes the root file system "+
				"of a container "+
				"that is missing. Nothing is needed in it but a program to start, C(/sbin/init) unless O(config) has another. "+
				"With C(lxc.idmap) in "+
				"O(config) its files are given to those whom the container's users are on the host."),
		schema.Field("config", schema.List(schema.String()), func(l *Spec) **[]string { return &l.Config },
			"Further lines of the container's configuration, such as C(lxc.start.auto = 1): each key gets these values, by "+
				"one line each, and counts "+
				"from the next start on. A key without a value, as in C(lxc.start.auto =), is removed. Of keys that may stand "+
				"several times, such as "+
				"C(lxc.mount.entry), the lines that others wrote stay. Interfaces are declared with "+
				"M(hostnet.linux.container_network)."),
		schema.Field("wait_for", schema.Choice(waitForNone, waitForCarrier, waitForAddress, waitForGateway),
			func(l *Spec) **string { return &l.WaitFor },
			"What a started container must have within O(wait_timeout): V(carrier) is every interface with its link up, "+
				"V(address) each of its static "+
				"and leased addresses too, which answer on their bridge, V(gateway) also an answer of the router of every "+
				"default route, by ARP or "+
				"neighbour discovery. Without it the task fails with what the hooks and LXC say, and the "+
				"container is as it was.").Assume(waitForAddress),
		schema.Field("wait_timeout", schema.Int[uint32](0, 3600), func(l *Spec) **uint32 { return &l.Wait },
			"How many seconds what O(wait_for) names may take; 0 does not wait for it.").Assume(60),
	}
})

// usualWait is wait_timeout where it is not given.
const usualWait = 60

// ParseLife reads the arguments of the module container.
func ParseLife(arguments map[string]any) (*Spec, error) {
	var life Spec
	var problems schema.Problems
	at := schema.At("", &problems)
	LifeTable().Parse(&life, arguments, at)
	if name := deref(life.Name); life.Name != nil && !validName(name) {
		at.Key("name").Problem("must be a container's name, not %q", name)
	}
	if life.Template != nil && life.Rootfs != nil {
		at.Key("rootfs").Problem("cannot be used together with template")
	}
	if life.Rootfs != nil && life.Options != nil {
		at.Key("template_options").Problem("are those of a template, and there is none")
	}
	for i, line := range deref(life.Config) {
		key, _, found := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		switch place := at.Key("config").Index(i); {
		case !found || !strings.HasPrefix(key, "lxc.") || strings.ContainsAny(line, "\r\n"):
			place.Problem("must be a line such as lxc.start.auto = 1, not %q", line)
		case strings.HasPrefix(key, "lxc.net."):
			place.Problem("%s is about an interface: declare that with container_network", key)
		}
	}
	return &life, problems.Err()
}

func validName(name string) bool {
	odd := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' || !unicode.IsPrint(r) }
	return name != "" && strings.IndexFunc(name, odd) < 0 && name[0] != '.' && name[0] != '-'
}

func (l *Spec) state() string { return cmp.Or(deref(l.State), Started) }

// ApplySpec makes a container be there, run, or be gone. One that does not come to work is put back as it was.
func (m *Machine) ApplySpec(life *Spec, check bool) (*Outcome, error) {
	if err := checkRights(); err != nil {
		return nil, err
	}
	folder := cmp.Or(deref(life.Folder), m.Runtime.DefaultFolder())
	name := *life.Name
	state, err := m.Runtime.State(folder, name)
	if err != nil {
		return nil, err
	}
	if err := m.checkLines(life); err != nil {
		return nil, err
	}
	outcome := &Outcome{}
	if outcome.Steps, err = m.planLife(life, folder, state); err != nil {
		return nil, err
	}
	if len(outcome.Steps) > 0 {
		outcome.Before = schema.Object{{Key: "container", Value: name}, {Key: "state", Value: stateName(state)}}
		outcome.After = schema.Object{{Key: "container", Value: name}, {Key: "state", Value: life.state()}}
	}
	if check {
		return outcome, nil
	}
	before, err := lifeBefore(folder, name, state)
	if err == nil && len(outcome.Steps) > 0 {
		err = m.begin(before.written())
	}
	if err != nil {
		return nil, err
	}
	if err := m.carryOut(life, folder, outcome.Steps); err != nil {
		return outcome, m.withUndo(before, len(outcome.Steps) > 0, err)
	}
	if life.state() != Gone {
		outcome.Containers, err = m.Info(folder, []string{name})
		if now, err := m.Runtime.State(folder, name); err == nil {
			outcome.warnOfResolver(now)
		}
	}
	if err != nil {
		err = m.withUndo(before, len(outcome.Steps) > 0, err)
	}
	return outcome, err
}

// carryOut takes the steps, and waits until a started container works.
func (m *Machine) carryOut(life *Spec, folder string, steps []plan.Step) error {
	if err := plan.Run(steps, m.BeforeStep); err != nil || life.state() != Started {
		return err
	}
	wait := uint32(usualWait)
	if life.Wait != nil {
		wait = *life.Wait
	}
	return m.await(folder, *life.Name, cmp.Or(deref(life.WaitFor), waitForAddress), time.Duration(wait)*time.Second)
}

func stateName(state lxc.State) string {
	switch {
	case !state.Defined:
		return Gone
	case state.Running():
		return Started
	}
	return Stopped
}

// planLife finds the steps from what is to what is declared.
func (m *Machine) planLife(life *Spec, folder string, state lxc.State) ([]plan.Step, error) {
	var steps []plan.Step
	name := *life.Name
	object := "container " + name
	add := func(phase plan.Phase, action string, disruption plan.Disruption, run func() error) {
		steps = append(steps, plan.Step{Phase: phase, Action: action, Object: object, Disruption: disruption, Run: run})
	}
	stop := func() error { return m.Runtime.Stop(folder, name, patience) }
	if life.state() == Gone {
		if state.Running() {
			add(plan.Down, "stop", plan.LinkDown, stop)
		}
		if state.Defined {
			add(plan.Finish, "delete", plan.None, func() error {
				// From here on there is nothing to come back to.
				if err := m.begin(&Before{Folder: folder, Lost: []string{name}}); err != nil {
					return err
				}
				return m.Runtime.Destroy(folder, name)
			})
		}
		return steps, nil
	}
	if !state.Defined {
		create, err := m.planCreate(life, folder)
		if err != nil {
			return nil, err
		}
		steps = append(steps, create...)
	}
	if state.Defined && life.state() == Started && !state.Running() {
		settle, err := m.planSettled(folder, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, settle...)
	}
	lines, err := m.planLines(life, folder, state)
	if err != nil {
		return nil, err
	}
	steps = append(steps, lines...)
	switch {
	case life.state() == Started && !state.Running():
		add(plan.Up, "start", plan.None, func() error { return m.start(folder, name) })
	case life.state() == Stopped && state.Running():
		add(plan.Down, "stop", plan.LinkDown, stop)
	}
	return steps, nil
}

// patience is how long a container may take to shut down before it is killed.
const patience = 30 * time.Second
