// Package cli is the program as a person at the host uses it.
package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// terminal is where the answers go.
type terminal struct {
	output io.Writer
	// name is the command, arguments what follows it other than options.
	name      string
	arguments []string
	// words are all that follows the command, as they were given.
	words   []string
	drawing drawing
	journey journey
	colour  bool
	json    bool
	check   bool
	// follow has status look anew again and again, changedOnly export leave out defaults.
	follow, changedOnly bool
	// seconds is how long a change waits for its confirmation; 0 leaves that to what it changes.
	seconds int
	// mode and metrics are of the watcher.
	mode, metrics string
}

// errDiffers ends `hostnet diff` with an exit code and without a message.
var errDiffers = errors.New("the host differs from what was declared")

// Run runs a command and returns the exit code, as diff(1) does: 0, 1 for a difference, 2 for trouble.
func Run(arguments []string, output *os.File, complaints io.Writer) int {
	complaints = &system.Terminal{Output: complaints}
	if len(arguments) > 0 && arguments[0] == openstackName {
		return runOpenStack(arguments[1:], &system.Terminal{Output: output}, complaints)
	}
	err := run(arguments, output)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDiffers):
		return 1
	}
	fmt.Fprintln(complaints, "hostnet:", err)
	return 2
}

func run(arguments []string, output *os.File) error {
	if len(arguments) == 0 {
		arguments = []string{"help"}
	}
	name := arguments[0]
	switch name {
	case "-h", "--help", "-help":
		name = "help"
	case "-V", "--version", "-version":
		name = "version"
	}
	one, found := find(name)
	if !found {
		return unknown(name)
	}
	t := &terminal{output: &system.Terminal{Output: output}, name: name, words: arguments[1:],
		colour: system.TakesColour(output)}
	if t.colour {
		t.output = &system.Terminal{Output: output, Colours: colours}
	}
	if err := t.parse(one, arguments[1:]); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(output, one.help())
		return nil
	} else if err != nil {
		return fmt.Errorf("%w: see hostnet %s --help", err, name)
	}
	return one.run(t)
}

// unknown is the error about a word that is no command.
func unknown(name string) error {
	if strings.HasPrefix(name, "-") {
		return fmt.Errorf("there is no option %s before the command: see hostnet help", name)
	}
	if near := schema.Nearest(name, names()); near != "" {
		return fmt.Errorf("no command %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("no command %q: see hostnet help", name)
}

// parse takes options before and after the other arguments.
func (t *terminal) parse(one command, arguments []string) error {
	flags := flag.NewFlagSet(one.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, option := range one.options {
		option.add(t, flags, option.name)
	}
	for {
		if err := flags.Parse(arguments); err != nil {
			return twoDashes(err, one)
		}
		if flags.NArg() == 0 {
			break
		}
		t.arguments = append(t.arguments, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
	switch {
	case one.limit >= 0 && len(t.arguments) > one.limit:
		return fmt.Errorf("%s takes no %q", one.name, t.arguments[one.limit])
	case t.seconds != 0 && (t.seconds < 5 || t.seconds > 3600):
		return errors.New("--confirm takes from 5 to 3600 seconds")
	}
	return nil
}

// twoDashes words an error of the package flag, which writes options with one dash, as the help does.
func twoDashes(err error, one command) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	text := err.Error()
	for _, option := range one.options {
		text = strings.ReplaceAll(text, " -"+option.name, " --"+option.name)
	}
	if option, is := strings.CutPrefix(text, "flag needs an argument: "); is {
		text = option + " needs a value"
	}
	if match := badValue().FindStringSubmatch(text); match != nil {
		text = fmt.Sprintf("%s is no value of %s", match[1], match[2])
	}
	if word, is := strings.CutPrefix(text, "flag provided but not defined: -"); is {
		dashes := "--"
		if len(strings.TrimPrefix(word, "-")) == 1 {
			dashes = "-" // as it was written: nobody writes a letter with two
		}
		text = fmt.Sprintf("%s has no option %s%s", one.name, dashes, strings.TrimPrefix(word, "-"))
		var known []string
		for _, option := range one.options {
			known = append(known, option.name)
		}
		if near := schema.Nearest(word, known); near != "" {
			text += fmt.Sprintf(" (did you mean --%s?)", near)
		}
	}
	return errors.New(text)
}

// badValue is an error of the package flag.
var badValue = pattern.Of(`^invalid (?:boolean )?value (".*") for (?:flag )?(--?[a-z-]+): `)

// number is the number of a generation among the arguments, negative if there is none.
func (t *terminal) number() (int, error) {
	if len(t.arguments) == 0 {
		return -1, nil
	}
	number, err := strconv.Atoi(t.arguments[0])
	if err != nil || number < 0 {
		return 0, fmt.Errorf("%s takes the number of a generation, not %q: see hostnet log", t.name, t.arguments[0])
	}
	return number, nil
}

func help(t *terminal) error {
	if len(t.arguments) == 0 {
		_, err := fmt.Fprint(t.output, Help())
		return err
	}
	one, found := find(t.arguments[0])
	if !found {
		return unknown(t.arguments[0])
	}
	if one.name == openstackName {
		runOpenStack([]string{"--help"}, t.output, t.output)
		return nil
	}
	_, err := fmt.Fprint(t.output, one.help())
	return err
}

func version(t *terminal) error {
	_, err := fmt.Fprintln(t.output, backend.Version)
	return err
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

// commandLine is what a person types into a shell to give those words.
func commandLine(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = word
		if !plainWord().MatchString(word) {
			out[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// plainWord is a word of which a shell makes nothing else.
var plainWord = pattern.Of(`^[\w./:=@%+,-]+$`)

func (t *terminal) needRoot() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("this takes root: sudo hostnet %s", commandLine(append([]string{t.name}, t.words...)))
	}
	return nil
}

// openAsRoot opens this host's network for a command that changes it.
func (t *terminal) openAsRoot() (*services.Site, func(), error) {
	if err := t.needRoot(); err != nil {
		return nil, nil, err
	}
	return task.OpenSite("", &system.System{})
}

// export is the host as a task, or what a person would declare of it.
func export(t *terminal) error {
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return err
	}
	defer done()
	seen, err := site.Host.Observe()
	if err != nil {
		return err
	}
	network := seen.Export()
	if t.changedOnly {
		network = site.Host.ExportDeclared(seen)
	}
	if t.json {
		return t.printJSON(network)
	}
	name, _ := os.Hostname()
	text, err := ansible.YAML(schema.Object{
		{Key: "name", Value: "Set up the network of " + name}, {Key: "hostnet.linux.network", Value: network},
	})
	if err != nil {
		return err
	}
	// A task is an element of a list.
	_, err = fmt.Fprint(t.output, "- "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")+"\n")
	return err
}
