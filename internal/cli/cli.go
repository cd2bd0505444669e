// Package cli is the program as a person at the host uses it.
package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/persist"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// command is one word that a person gives to the program.
type command struct {
	name, text string
	run        func(*terminal, []string) error
}

// commands are in the order in which the help lists them.
func commands() []command {
	return []command{
		{"show", "what is: a table of the links, and who stands on what", show},
		{"diff", "what differs from what was declared; exit code 1 if anything does", diff},
		{"apply", "make the host as declared in " + persist.Folder + " (--check: only say what would be done)", apply},
		{"rollback", "put back what the last change replaced", rollback},
		{"export", "this host as a task of hostnet.linux.network", export},
		{"boot", "what hostnet.service runs: finish what a crash left behind, then apply", boot},
	}
}

// terminal is where the answers go.
type terminal struct {
	output io.Writer
	colour bool
	json   bool
}

// errDiffers ends `hostnet diff` with an exit code and without a message.
var errDiffers = errors.New("the host differs from what was declared")

// Find tells whether a word is a command.
func Find(name string) bool {
	for _, one := range commands() {
		if one.name == name {
			return true
		}
	}
	return false
}

// Help is a line for each command.
func Help() string {
	text := ""
	for _, one := range commands() {
		text += fmt.Sprintf("  hostnet %-12s %s\n", one.name, one.text)
	}
	return text
}

// Run runs a command and returns the exit code: 0, 1 for a failure or a difference, 2 for wrong use.
func Run(arguments []string, output *os.File, complaints io.Writer) int {
	for _, one := range commands() {
		if one.name != arguments[0] {
			continue
		}
		t := &terminal{output: output, colour: isTerminal(output)}
		flags := flag.NewFlagSet("hostnet "+one.name, flag.ContinueOnError)
		flags.SetOutput(complaints)
		flags.BoolVar(&t.json, "json", false, "answer in JSON")
		check := flags.Bool("check", false, "only say what would be done")
		if err := flags.Parse(arguments[1:]); err != nil {
			return 2
		}
		rest := flags.Args()
		if *check {
			rest = append(rest, "check")
		}
		err := one.run(t, rest)
		if err != nil && !errors.Is(err, errDiffers) {
			fmt.Fprintln(complaints, "hostnet:", err)
		}
		if err != nil {
			return 1
		}
		return 0
	}
	return 2
}

// isTerminal tells whether a person looks at the output; colours in a file or a pipe are noise (https://no-color.org).
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

func (t *terminal) printJSON(value any) error {
	encoder := json.NewEncoder(t.output)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func (t *terminal) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func needRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("this takes root: use sudo")
	}
	return nil
}

// declared is a task with all that is kept on this host.
func declared() (*task.Task, *services.Declaration, error) {
	objects, err := persist.Load(&system.System{})
	if err != nil {
		return nil, nil, err
	}
	return taskOf(objects)
}

func taskOf(objects []persist.Object) (*task.Task, *services.Declaration, error) {
	call := ansible.Call{Module: "network", Arguments: persist.Arguments(objects)}
	// What is applied here is kept already, and there is no controller to confirm it.
	call.Arguments["persist"], call.Arguments["confirm"] = false, "off"
	settings, declaration, err := services.ParseNetwork(call.Arguments)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", persist.Folder, err)
	}
	return &task.Task{Call: call, Settings: &settings.Settings}, declaration, nil
}

func export(t *terminal, _ []string) error {
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return err
	}
	defer done()
	seen, err := site.Host.Observe()
	if err != nil {
		return err
	}
	if t.json {
		return t.printJSON(seen.Export())
	}
	text, err := ansible.YAML(schema.Object{{Key: "hostnet.linux.network", Value: seen.Export()}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(t.output, text)
	return err
}
