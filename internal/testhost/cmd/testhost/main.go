// Command testhost runs test machines that outlive it: for Molecule, and for a person who wants to look around.
//
//	testhost build                                   build the images ahead of time
//	testhost up infra1:-,-,-,- outside:wire          start machines, each with its network cards
//	testhost list                                    what runs, as JSON
//	testhost ssh infra1 ip address                   log in, or run a command
//	testhost down infra1 outside                     end machines
//
// Behind a machine's name stand its cards: the name of a wire, which machines of one call share, or - for a wire of its
// own. A number and @ put a card on a PCI card together with others: infra1:1@-,1@-,2@-,2@-.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"hostnet.linux/internal/testhost"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	os.Exit(report(err, os.Stderr))
}

// report tells what went wrong, and gives the exit code. A command inside a machine has told it by itself.
func report(err error, output io.Writer) int {
	var inside commandFailed
	switch {
	case errors.As(err, &inside):
		return int(inside)
	case err != nil:
		fmt.Fprintln(output, "testhost:", err)
		return 1
	}
	return 0
}

// commandFailed is the exit code of a command inside a machine.
type commandFailed int

func (c commandFailed) Error() string { return fmt.Sprintf("the command ended with %d", int(c)) }

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: build, up, list, ssh or down")
	}
	switch command, rest := arguments[0], arguments[1:]; command {
	case "build":
		return build(ctx)
	case "up":
		return up(ctx, rest)
	case "serve":
		return serve(ctx, rest)
	case "list":
		return list()
	case "ssh":
		return login(ctx, rest)
	case "down":
		return down(rest)
	default:
		return fmt.Errorf("%s: unknown command: use build, up, list, ssh or down", command)
	}
}

func build(ctx context.Context) error {
	for _, release := range testhost.Releases {
		if _, err := (testhost.Recipe{Release: release}).Build(ctx, os.Stdout); err != nil {
			return err
		}
	}
	return nil
}

// machines reads what up is told.
func machines(arguments []string) ([]testhost.Machine, error) {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	release := flags.String("release", string(testhost.Bookworm), "Debian's release")
	packages := flags.String("packages", "", "Debian packages on top of the usual, with commas")
	memory := flags.Int("memory", 0, "MiB for each machine")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if flags.NArg() == 0 {
		return nil, errors.New("up: name at least one machine")
	}
	wires := map[string]*testhost.Segment{}
	var out []testhost.Machine
	for _, argument := range flags.Args() {
		name, cards, _ := strings.Cut(argument, ":")
		machine := testhost.Machine{Name: name, Release: testhost.Release(*release), Memory: *memory, Log: os.Stdout}
		if *packages != "" {
			machine.Packages = strings.Split(*packages, ",")
		}
		for card := range strings.SplitSeq(cards, ",") {
			if card == "" {
				continue
			}
			nic, err := parseCard(card, wires)
			if err != nil {
				return nil, fmt.Errorf("machine %s: %w", name, err)
			}
			machine.NICs = append(machine.NICs, nic)
		}
		out = append(out, machine)
	}
	return out, nil
}

func parseCard(text string, wires map[string]*testhost.Segment) (testhost.NIC, error) {
	var nic testhost.NIC
	wire := text
	if number, rest, found := strings.Cut(text, "@"); found {
		card, err := strconv.Atoi(number)
		if err != nil || card < 1 {
			return nic, fmt.Errorf("card %q: want a number from 1 before the @", text)
		}
		nic.Card, wire = card, rest
	}
	if wire == "-" {
		return nic, nil
	}
	if wires[wire] == nil {
		wires[wire] = testhost.NewSegment(wire)
	}
	nic.Segment = wires[wire]
	return nic, nil
}

// list prints the records of all machines.
func list() error {
	records, err := records()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(records, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}

// login runs ssh as root, with the rest of the arguments as the command.
func login(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("ssh: name a machine")
	}
	record, err := read(arguments[0])
	if err != nil {
		return err
	}
	words := append(strings.Fields(record.SSH.Command("root")), arguments[1:]...)
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = command.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return commandFailed(ended.ExitCode())
	}
	return err
}
