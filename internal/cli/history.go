package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// history is the table of the generations, or all about one of them.
func history(t *terminal) error {
	number, err := t.number()
	if err != nil {
		return err
	}
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	all, err := task.History(site)
	if err != nil {
		return err
	}
	if number >= 0 {
		for _, one := range all {
			if one.Number == number {
				return t.generation(one)
			}
		}
		return fmt.Errorf("generation %d is not kept: see hostnet log for those that are", number)
	}
	if t.json {
		return t.printJSON(all)
	}
	writer := tabwriter.NewWriter(t.output, 0, 0, 2, ' ', 0)
	fmt.Fprintln(writer, "NUMBER\tTIME\tBY\tUSER\tFROM\tSTEPS")
	for _, one := range all {
		by := one.Task
		if one.To != nil {
			by += fmt.Sprintf(" to %d", *one.To)
		}
		fmt.Fprintf(writer, "%d\t%s\t%s\t%s\t%s\t%d\n", one.Number, one.Time.Local().Format(time.DateTime), by, one.User,
			one.From, len(stepsOf(one)))
	}
	return writer.Flush()
}

type shownStep struct {
	Action  string
	Object  string
	Changes []struct {
		Option   string
		Old, New any
	}
}

func stepsOf(generation *store.Generation) []shownStep {
	var steps []shownStep
	_ = json.Unmarshal(generation.Steps, &steps)
	return steps
}

// generation is all about one change.
func (t *terminal) generation(one *store.Generation) error {
	if t.json {
		return t.printJSON(one)
	}
	fmt.Fprintf(t.output, "generation %d, %s\nby %s\n", one.Number, one.Time.Local().Format(time.DateTime), one.Who)
	for _, step := range stepsOf(one) {
		fmt.Fprintf(t.output, "%s %s\n", step.Action, t.paint("1", step.Object))
		for _, change := range step.Changes {
			fmt.Fprintf(t.output, "  %s: %s -> %s\n", change.Option, t.paint("31", shown(change.Old)),
				t.paint("32", shown(change.New)))
		}
	}
	return nil
}

func rollback(t *terminal) error {
	number, err := t.number()
	if err != nil {
		return err
	}
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	one := task.NewRollback()
	target, err := one.Target(site, number)
	if err != nil {
		return err
	}
	steps, err := target.Steps(site)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("the change by %s of %s", target.Last.Who, target.Last.Time.Local().Format(time.DateTime))
	if target.Number+1 < target.Last.Number {
		what = fmt.Sprintf("the changes after generation %d, the last of them by %s of %s",
			target.Number, target.Last.Who, target.Last.Time.Local().Format(time.DateTime))
	}
	asked := system.IsTerminal(os.Stdin)
	if t.check || asked {
		fmt.Fprintf(t.output, "to be undone: %s\n", what)
		t.steps(plan.Describe(steps))
	}
	for _, note := range target.Notes() {
		fmt.Fprintln(t.output, "note:", note)
	}
	if t.check {
		return nil
	}
	if len(steps) == 0 && len(target.Notes()) > 0 {
		return errors.New("there is nothing else to undo: name an earlier generation, see `hostnet log`")
	}
	if asked && !t.yes("Undo it?") {
		return errors.New("nothing was changed")
	}
	t.guard(one)
	token, err := one.Rollback(site, target)
	if err != nil {
		return err
	}
	if token != "" {
		if !asked {
			fmt.Fprintln(t.output, "to be undone:", what)
		}
		return t.await(site, token)
	}
	fmt.Fprintln(t.output, "undone:", what)
	return nil
}

// yes asks a person.
func (t *terminal) yes(question string) bool {
	fmt.Fprint(t.output, question+" [y/N] ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
