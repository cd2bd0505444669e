package cli

import (
	"context"
	"fmt"
	"os/signal"
	"runtime/debug"
	"syscall"

	"hostnet.linux/internal/agent"
	"hostnet.linux/internal/kernel/monitor"
	"hostnet.linux/internal/task"
)

// The watcher lives as long as the host and mostly sleeps: it collects its garbage early, with garbage for a part of
// what is in use, and always beyond memory.
const (
	garbage = 30 // percent
	memory  = 8 << 20
)

func watch(t *terminal) error {
	if t.mode != agent.Repair && t.mode != agent.Enforce {
		return fmt.Errorf("--mode takes %s or %s, not %q", agent.Repair, agent.Enforce, t.mode)
	}
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	debug.SetGCPercent(garbage)
	debug.SetMemoryLimit(memory)
	changes, err := monitor.Open()
	if err != nil {
		return err
	}
	defer changes.Close()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	one := &agent.Agent{Site: site, Monitor: changes, Mode: t.mode, Metrics: t.metricsFile(site.Services.System.Exists),
		Output: t.output}
	return one.Run(ctx)
}

// metricsFile is the one that was asked for, or the usual one where node_exporter's folder is.
func (t *terminal) metricsFile(exists func(string) bool) string {
	if t.metrics != "" {
		return t.metrics
	}
	if exists("/var/lib/node_exporter/textfile") {
		return agent.DefaultMetrics
	}
	return ""
}

// verify compares, says little, and writes metrics: for cron and timers.
func verify(t *terminal) error {
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	state, err := agent.Look(task.NewWatch(), &agent.Agent{Site: site, Mode: "verify"})
	if err != nil {
		return err
	}
	told := agent.LoadState(site.Services.System)
	state.Repairs, state.LastRepair, state.Left = told.Repairs, told.LastRepair, told.Left
	if err := agent.WriteMetrics(site.Services.System, t.metrics, state); err != nil {
		return err
	}
	if t.json {
		if err := t.printJSON(state); err != nil {
			return err
		}
	} else {
		for _, object := range state.Drift {
			fmt.Fprintln(t.output, "differs:", object)
		}
		for _, line := range state.Incomplete {
			fmt.Fprintln(t.output, "incomplete:", line)
		}
		for _, object := range state.Undeclared {
			fmt.Fprintln(t.output, object+stillThere)
		}
	}
	switch {
	case state.Unreadable:
		return errUnreadable
	case len(state.Drift)+len(state.Incomplete)+len(state.Undeclared) > 0:
		return errDiffers
	}
	if !t.json {
		fmt.Fprintln(t.output, "the host is as declared")
	}
	return nil
}
