// Package agent puts back what is declared and was taken away: it hears of changes, waits until they have come to rest,
// and takes the path that a task takes, for what is missing only.
package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/kernel/monitor"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/task"
)

// The modes: what of the declared set is put back.
const (
	// Repair is rules, and what waited for a link that was missing. What a person changed is told.
	Repair = "repair"
	// Enforce is everything.
	Enforce = "enforce"
)

// Times of the agent.
const (
	// quiet is how long nothing must change before the agent looks, longest how long it waits for that at most.
	quiet   = 200 * time.Millisecond
	longest = 700 * time.Millisecond
	// Of looks that follow each other closely and have nothing to do, the first few are made at once; then each is
	// followed by a rest of so many times what it took.
	closely = 5
	soon    = 2 * time.Second
	rest    = 20
	// busy is how long to wait while a task runs or a change waits for its confirmation.
	busy = 500 * time.Millisecond
	// regularly is how often the agent looks without a reason, for the metrics.
	regularly = 5 * time.Minute
	// later is when the agent looks once more after a change: firewalld answers some time after it has made its rules.
	later = 5 * time.Second
	// afresh is how long to wait after a look that failed, as one does that reads what changes all the time.
	afresh = 10 * time.Second
)

// Agent watches one host.
type Agent struct {
	Site    *services.Site
	Monitor *monitor.Monitor
	Mode    string
	// Metrics is the file for node_exporter's textfile collector, "" for none.
	Metrics string
	Output  io.Writer

	fights fights
	// links are the indexes of the links that were there at the last look, waiting the names of objects that could not be
	// made whole then.
	links   map[string]int
	waiting map[string]bool
	state   State
	// looked is the end of the last look, row how many that had nothing to do have followed each other closely.
	looked time.Time
	row    int
	// complaint is why the last look failed, "" if it did not.
	complaint string
}

// Run watches until the context ends.
func (a *Agent) Run(ctx context.Context) error {
	a.fights = fights{}
	a.state = LoadState(a.Site.Services.System)
	a.state.Mode = a.Mode
	next, heard := time.Duration(0), false
	for {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-a.Monitor.Changed:
			timer.Stop()
			a.settle(ctx)
			heard = true
		case <-timer.C:
			heard = next == busy && heard
		}
		started, repairs := time.Now(), a.state.Repairs
		again, err := a.look()
		next = regularly
		switch {
		case again:
			next = busy
		case err != nil:
			next = afresh
		case heard:
			next = later
		}
		a.complain(err)
		if started.Sub(a.looked) < soon && a.state.Repairs == repairs {
			a.row++
		} else {
			a.row = 0
		}
		a.looked = time.Now()
		if a.row > closely {
			// A storm of changes must not keep a processor busy.
			pause(ctx, a.looked.Sub(started)*rest)
		}
		forget()
	}
}

// complain tells of a look that failed, once for as long as the next ones fail for the same reason.
func (a *Agent) complain(err error) {
	complaint := ""
	if err != nil {
		complaint = err.Error()
	}
	if complaint != a.complaint && err != nil {
		fmt.Fprintln(a.Output, "hostnet watch:", err)
	}
	a.complaint = complaint
}

// settle waits until the changes have come to rest.
func (a *Agent) settle(ctx context.Context) {
	for deadline := time.Now().Add(longest); time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return
		case <-a.Monitor.Changed:
		case <-time.After(quiet):
			return
		}
		// Each wake-up costs, and a storm brings one after the other.
		pause(ctx, quiet/4)
	}
}

func pause(ctx context.Context, long time.Duration) {
	if long <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(long):
	}
}

// look compares the host with what is declared, and puts back what the mode allows. again tells that somebody else is
// at it.
func (a *Agent) look() (again bool, err error) {
	records := &store.Store{System: a.Site.Services.System, Namespace: a.Site.Namespace}
	if open, err := records.Current(); err != nil || open != nil && !a.abandoned(open) {
		return true, err
	}
	lock, err := records.Lock(store.Watcher, 0)
	if err != nil {
		return true, nil //nolint:nilerr // a task is running
	}
	lock.Release()
	if _, err := task.Recover(a.Site); err != nil {
		return true, err
	}
	one := task.NewWatch()
	found, err := one.Partial(a.Site)
	if err != nil {
		return false, err
	}
	late := a.late(found)
	var steps []plan.Step
	for _, step := range found.Plan.Steps {
		if a.allowed(step, late) {
			steps = append(steps, step)
		}
	}
	a.remember(found)
	now := time.Now()
	wanted := a.fights.wanted(steps, now, func(object string) {
		fmt.Fprintf(a.Output,
			"hostnet watch: %s was taken away three times in a minute: it is left so until something else is declared\n", object)
	})
	result := ansible.Result{}
	if len(wanted) > 0 {
		one.Only = func(step plan.Step) bool { return wanted[keyOf(step)] }
		result = one.Repair(a.Site)
	}
	if result.Changed {
		for _, action := range task.ActionsOf(result) {
			fmt.Fprintf(a.Output, "hostnet watch: put back: %s\n", action)
		}
		a.state.Repairs++
		a.state.LastRepair = now
		a.fights.done(wanted, now)
	}
	if result.Changed || result.Err != nil {
		if found, err = task.NewWatch().Partial(a.Site); err != nil {
			return false, errors.Join(result.Err, err)
		}
	}
	return false, errors.Join(result.Err, a.tell(found))
}

// abandoned tells a record whose run is dead: nobody comes back to finish it but us.
func (a *Agent) abandoned(open *store.Record) bool { return !task.Pending(a.Site, open) }

// allowed tells whether the mode puts back what a step does.
func (a *Agent) allowed(step plan.Step, late map[string]bool) bool {
	if a.Mode == Enforce || step.Phase == plan.Forward {
		return true
	}
	for _, name := range step.Links {
		if late[name] {
			return true
		}
	}
	return false
}

// late are the links that have come since the last look, and the objects that waited for them.
func (a *Agent) late(found *task.Partial) map[string]bool {
	late := map[string]bool{}
	if a.links == nil {
		return late
	}
	for _, one := range found.Plan.Seen.Links.Links {
		if a.links[one.Name] != one.Observed.Index {
			late[one.Name] = true
		}
	}
	if len(late) > 0 {
		for name := range a.waiting {
			late[name] = true
		}
	}
	return late
}

// remember notes what there is, for the next look.
func (a *Agent) remember(found *task.Partial) {
	a.links, a.waiting = map[string]int{}, map[string]bool{}
	for _, one := range found.Plan.Seen.Links.Links {
		a.links[one.Name] = one.Observed.Index
	}
	for _, one := range found.Incomplete {
		if one.Object != nil && one.Object.Name() != "" {
			a.waiting[one.Object.Name()] = true
		}
	}
}
