package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// guard has a change undo itself unless a person confirms it: as asked for, or where somebody sits at the terminal and
// the change may cut them off.
func (t *terminal) guard(one *task.Task) {
	mode, seconds := "auto", uint16(60)
	switch {
	case t.seconds > 0:
		mode, seconds = "on", uint16(t.seconds)
	case !system.IsTerminal(os.Stdin):
		return
	}
	one.Attended = true
	one.Settings.Confirm = &host.Confirm{Mode: &mode, Timeout: &seconds}
}

// await asks the person once the change is made. Who is cut off cannot answer, and the change undoes itself.
func (t *terminal) await(site *services.Site, token string) error {
	entry, err := task.Await(site, token)
	if err != nil {
		return err
	}
	// What has begun counts: 5s are told as such as long as more than 4 are left.
	left := (entry.Left() + time.Second - 1).Truncate(time.Second)
	if t.json || !system.IsTerminal(os.Stdin) {
		fmt.Fprintf(os.Stderr, "the change is made, and undoes itself in %s: keep it with `hostnet confirm`\n", left)
		return nil
	}
	fmt.Fprintf(t.output, "The change is made, and undoes itself in %s. Press Enter to keep it: ", left)
	answered := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		answered <- err
	}()
	select {
	case err := <-answered:
		if err != nil {
			return errors.New("no answer: the change undoes itself")
		}
		return confirm(t)
	case <-time.After(entry.Left()):
		return errors.New("no answer: the change undoes itself")
	}
}

// pending is the change that waits for its confirmation, in words, "" if there is none.
func pending(site *services.Site) string {
	records := &store.Store{System: site.Services.System, Namespace: site.Namespace}
	record, err := records.Current()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "a change may not be final: sudo hostnet status"
	case err != nil || record == nil:
		return ""
	case records.IsBusy():
		return fmt.Sprintf("a change by %s is being made since %s", record.Task, record.Started.Local().Format(time.DateTime))
	case record.Phase == store.Applying || !task.Pending(site, record):
		return fmt.Sprintf("a change by %s of %s was cut short: hostnet recover", record.Task,
			record.Started.Local().Format(time.DateTime))
	}
	who := record.Task
	if record.From != "" {
		who += " (from " + record.From + ")"
	}
	left := max(0, int(record.Left().Seconds()))
	return fmt.Sprintf("a change by %s undoes itself in %d s: hostnet confirm", who, left)
}

// tellPending is the first line of what tells how the host is: it may not stay so.
func (t *terminal) tellPending(site *services.Site) {
	if line := pending(site); line != "" && !t.json {
		fmt.Fprintln(t.output, t.paint("33", line))
	}
}

func confirm(t *terminal) error {
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	kept, err := task.ConfirmPending(site)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.output, "kept: the change by %s of %s\n", kept.Task, kept.Started.Format(time.DateTime))
	return nil
}
