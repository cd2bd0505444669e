// Package cli is the program as a person at the host uses it.
package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/agent"
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// command is one word that a person gives to the program.
type command struct {
	name, text string
	run        func(*terminal) error
}

// commands are in the order in which the help lists them.
func commands() []command {
	return []command{
		{"show", "what is: a table of the links, and who stands on what", show},
		{"draw", "a picture of this host\n                       --format text, svg, dot or mermaid; --title TEXT; --fold N\n" +
			"                       --host FILE: of the host with that network_info instead; may be repeated", draw},
		{"path", "which way a packet takes, and why it ends: hostnet path FROM TO\n                       --protocol tcp --port N, --size BYTES; " +
			"FROM and TO are containers,\n                       namespaces, hosts or addresses; exit code 1 if it does not arrive", findPath},
		{"diff", "what differs from what was declared; exit code 1 if anything does", diff},
		{"apply", "make the host as declared in " + store.Declarations + "\n                       --check: only say what would be done\n" +
			"                       --confirm SECONDS: undo it then, unless you confirm it", apply},
		{"confirm", "keep the change that waits for its confirmation", confirm},
		{"log", "the changes that are remembered\n                       log N: all about one of them", history},
		{"rollback", "undo the last change, or all after generation N\n                       rollback N\n" +
			"                       --check: only say what would be done\n" +
			"                       --confirm SECONDS: undo that then, unless you confirm it", rollback},
		{"verify", "whether the host is as declared: exit code 0, 1 if it differs, 2 if that cannot be told\n" +
			"                       --metrics FILE: also for node_exporter", verify},
		{"watch", "what hostnet-watch.service runs: put back what is declared and was taken away\n" +
			"                       --mode repair|enforce: rules and late links, or everything\n" +
			"                       --metrics FILE: for node_exporter", watch},
		{"export", "this host as a task of hostnet.linux.network", export},
		{"boot", "what hostnet.service runs: finish what a crash left behind, then apply", boot},
		{"recover", "finish what a crash left behind, and no more", finish},
		{openstackName, openstackText, nil},
	}
}

// terminal is where the answers go.
type terminal struct {
	drawing drawing
	journey journey

	output io.Writer
	colour bool
	json   bool
	check  bool
	// seconds is how long a change waits for its confirmation; 0 leaves that to what it changes.
	seconds int
	// number is the generation that log and rollback are about, negative for none in particular.
	number int
	// mode and metrics are of the watcher.
	mode, metrics string
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

// Run runs a command and returns the exit code, as diff(1) does: 0, 1 for a difference, 2 for trouble.
func Run(arguments []string, output *os.File, complaints io.Writer) int {
	for _, one := range commands() {
		if one.name != arguments[0] {
			continue
		}
		t := &terminal{output: &system.Terminal{Output: output}, colour: system.TakesColour(output)}
		complaints = &system.Terminal{Output: complaints}
		if one.name == openstackName {
			return runOpenStack(arguments[1:], t.output, complaints)
		}
		if t.colour {
			t.output = &system.Terminal{Output: output, Colours: colours}
		}
		if err := t.parse(one, arguments[1:]); errors.Is(err, flag.ErrHelp) {
			return 0
		} else if err != nil {
			fmt.Fprintln(complaints, "hostnet:", err)
			return 2
		}
		err := one.run(t)
		if err != nil && !errors.Is(err, errDiffers) {
			fmt.Fprintln(complaints, "hostnet:", err)
		}
		switch {
		case err == nil:
			return 0
		case errors.Is(err, errDiffers):
			return 1
		}
		return 2
	}
	return 2
}

func (t *terminal) parse(one command, arguments []string) error {
	flags := flag.NewFlagSet("hostnet "+one.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&t.json, "json", false, "answer in JSON")
	if one.name == "apply" || one.name == "rollback" {
		flags.BoolVar(&t.check, "check", false, "only say what would be done")
	}
	if one.name == "apply" || one.name == "rollback" {
		flags.IntVar(&t.seconds, "confirm", 0, "undo the change after that many `seconds`, from 5 to 3600, unless you confirm it")
	}
	if one.name == "watch" {
		flags.StringVar(&t.mode, "mode", agent.Repair, "what is put back: repair or enforce")
	}
	if one.name == "watch" || one.name == "verify" {
		flags.StringVar(&t.metrics, "metrics", "", "write the state to a `file` for node_exporter's textfile collector")
	}
	t.number = -1
	if one.name == "draw" {
		t.drawing.flags(flags)
	}
	if one.name == "rollback" || one.name == "log" {
		arguments = t.takeNumber(arguments)
	}
	err := t.take(one, flags, arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		text, _, _ := strings.Cut(one.text, "\n")
		fmt.Fprintf(t.output, "hostnet %s: %s\n\n", one.name, text)
		flags.SetOutput(t.output)
		flags.PrintDefaults()
	case err == nil && flags.NArg() > 0 && one.name != "path":
		err = fmt.Errorf("%s takes no %q", one.name, flags.Arg(0))
	case err == nil && t.seconds != 0 && (t.seconds < 5 || t.seconds > 3600):
		err = errors.New("--confirm takes from 5 to 3600 seconds")
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = fmt.Errorf("%w: see hostnet %s --help", err, one.name)
	}
	return err
}

// takeNumber takes the number of a generation out of the arguments, before or after the flags.
func (t *terminal) takeNumber(arguments []string) []string {
	for i, argument := range arguments {
		number, err := strconv.Atoi(argument)
		isValue := i > 0 && strings.TrimLeft(arguments[i-1], "-") == "confirm"
		if err == nil && number >= 0 && !isValue {
			t.number = number
			return slices.Concat(arguments[:i], arguments[i+1:])
		}
	}
	return arguments
}

// take reads flags, and what else the command takes.
func (t *terminal) take(one command, flags *flag.FlagSet, arguments []string) error {
	if one.name != "path" {
		return flags.Parse(arguments)
	}
	t.journey.flags(flags)
	return t.journey.take(flags, arguments)
}

func (t *terminal) printJSON(value any) error {
	// Programs read it, and JSON has escapes of its own.
	output := t.output
	if plain, ok := output.(*system.Terminal); ok {
		output = plain.Output
	}
	encoder := json.NewEncoder(output)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// colours are bold, red, green and yellow, and their end.
var colours = []string{"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"}

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

// openAsRoot opens this host's network for a command that changes it.
func openAsRoot() (*services.Site, func(), error) {
	if err := needRoot(); err != nil {
		return nil, nil, err
	}
	return task.OpenSite("", &system.System{})
}

// observe reads this host's network, which takes no root.
func observe() (*host.Observed, error) {
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return nil, err
	}
	defer done()
	return site.Host.Observe()
}

func export(t *terminal) error {
	seen, err := observe()
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
