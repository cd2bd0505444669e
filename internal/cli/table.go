package cli

import (
	"flag"
	"fmt"
	"strings"

	"hostnet.linux/internal/agent"
	"hostnet.linux/internal/diagram"
	"hostnet.linux/internal/store"
)

// command is one word that a person gives to the program. Parsing, help, the man page and the shells' completion all
// come from the table below.
type command struct {
	// arguments is how the help writes what follows the name, such as [N]; limit is how many may be given, negative for
	// any number.
	name, arguments string
	limit           int
	text            string
	// complete is what the arguments are, for the shells' completion; words are those that they may be.
	complete string
	words    []string
	options  []option
	run      func(*terminal) error
}

// option is one --option of a command.
type option struct {
	name string
	// value is how the help writes the option's value, "" for one that takes none.
	value, text string
	// words are the values that there are, for the completion; files tells that a file is named.
	words []string
	files bool
	add   func(t *terminal, flags *flag.FlagSet, name string)
}

func boolean(name, text string, target func(*terminal) *bool) option {
	return option{name: name, text: text, add: func(t *terminal, flags *flag.FlagSet, name string) {
		flags.BoolVar(target(t), name, false, "")
	}}
}

func textual(name, value, text, usual string, target func(*terminal) *string) option {
	return option{name: name, value: value, text: text, add: func(t *terminal, flags *flag.FlagSet, name string) {
		flags.StringVar(target(t), name, usual, "")
	}}
}

func integer(name, value, text string, usual int, target func(*terminal) *int) option {
	return option{name: name, value: value, text: text, add: func(t *terminal, flags *flag.FlagSet, name string) {
		flags.IntVar(target(t), name, usual, "")
	}}
}

func unsigned(name, value, text string, target func(*terminal) *uint) option {
	return option{name: name, value: value, text: text, add: func(t *terminal, flags *flag.FlagSet, name string) {
		flags.UintVar(target(t), name, 0, "")
	}}
}

// files is an option that names a file each time it is given.
func files(name, text string, target func(*terminal) *[]string) option {
	return option{name: name, value: "FILE", text: text, files: true,
		add: func(t *terminal, flags *flag.FlagSet, name string) {
			flags.Func(name, "", func(file string) error {
				*target(t) = append(*target(t), file)
				return nil
			})
		}}
}

// oneOf is an option with the words that it takes.
func (o option) oneOf(words ...string) option {
	o.words = words
	return o
}

// file is an option that names a file.
func (o option) file() option {
	o.files = true
	return o
}

var (
	asJSON  = boolean("json", "answer in JSON", func(t *terminal) *bool { return &t.json })
	follow  = boolean("watch", "look anew every two seconds", func(t *terminal) *bool { return &t.follow })
	check   = boolean("check", "only say what would be done", func(t *terminal) *bool { return &t.check })
	seconds = integer("confirm", "SECONDS", "undo it after so long, from 5 to 3600, unless you confirm it", 0,
		func(t *terminal) *int { return &t.seconds })
	changedOnly = boolean("changed-only", "leave out what the kernel does by itself and its defaults",
		func(t *terminal) *bool { return &t.changedOnly })
	metrics = textual("metrics", "FILE", "write the state for node_exporter's textfile collector", "",
		func(t *terminal) *string { return &t.metrics }).file()
	mode = textual("mode", "MODE", "what is put back: rules and late links (repair), or everything (enforce)",
		agent.Repair,
		func(t *terminal) *string { return &t.mode }).oneOf(agent.Repair, agent.Enforce)
)

// picture are the options of draw.
var picture = []option{
	textual("format", "FORMAT", "text, svg, dot or mermaid", "text",
		func(t *terminal) *string { return &t.drawing.format }).
		oneOf(diagram.Formats...),
	textual("title", "TEXT", "what stands above the picture", "", func(t *terminal) *string { return &t.drawing.title }),
	integer("fold", "N", "draw containers that are wired alike as one from N on; 0 never does", diagram.DefaultFold,
		func(t *terminal) *int { return &t.drawing.fold }),
	files("host", "draw the host whose network_info is in the file; may be repeated",
		func(t *terminal) *[]string { return &t.drawing.hosts }),
	asJSON,
}

// commands are in the order in which the help lists them.
func commands() []command {
	return []command{
		{
			name: "status", arguments: "[LINK…]", limit: -1, complete: argumentsLinks,
			text:    "what waits, differs and is missing, and the links, by name or pattern",
			options: []option{follow, asJSON}, run: status,
		},
		{name: "show", text: "the links as a table, and what stands on what", options: []option{asJSON}, run: show},
		{name: "draw", text: "a picture of this host", options: picture, run: draw},
		{
			name: "path", arguments: "FROM TO", limit: 2, options: journeyOptions, run: findPath,
			text: "which way a packet takes, and why it ends; exit code 1 if it does not arrive",
		},
		{name: "diff", text: "what differs from what was declared; exit code 1 if anything does", options: []option{asJSON},
			run: diff},
		{name: "apply", text: "make the host as declared in " + store.Declarations, options: []option{check, seconds, asJSON},
			run: apply},
		{name: "confirm", text: "keep the change that waits for its confirmation", run: confirm},
		{
			name: "log", arguments: "[N]", limit: 1, text: "the changes that are remembered, or all about one of them",
			options: []option{asJSON}, run: history,
		},
		{
			name: "rollback", arguments: "[N]", limit: 1, text: "undo the last change, or all after generation N",
			options: []option{check, seconds}, run: rollback,
		},
		{
			name: "verify", text: "whether the host is as declared: exit code 0, 1 if it differs, 2 if that cannot be told",
			options: []option{metrics, asJSON}, run: verify,
		},
		{
			name: "watch", text: "what hostnet-watch.service runs: put back what is declared and was taken away",
			options: []option{mode, metrics}, run: watch,
		},
		{
			name: "check", arguments: "FILE|-", limit: 1, complete: argumentsFiles,
			text:    "whether a playbook or kept file is free of mistakes, on any machine; exit code 1 if not",
			options: []option{asJSON}, run: checkFile,
		},
		{
			name: "cat", arguments: "NAME", limit: 1, complete: argumentsNames,
			text: "what is declared of a link, route, rule, translation or server, with its file",
			run:  cat,
		},
		{
			name: "edit", arguments: "NAME", limit: 1, complete: argumentsNames, options: []option{seconds}, run: edit,
			text: "change what is declared of NAME in an editor, see what that would do, and do it",
		},
		{
			name: "explain", arguments: "OPTION", limit: 1, options: []option{asJSON}, run: explain,
			text: "what an option of a task or a kept file means, such as mtu or bonds.mode",
		},
		{
			name: "schema", arguments: "[task|kept]", limit: 1, words: []string{"task", "kept"}, run: printSchema,
			text: "the JSON Schema of the task hostnet.linux.network, or of kept files, for editors",
		},
		{
			name: "export", text: "this host as a task of hostnet.linux.network", options: []option{changedOnly, asJSON},
			run: export,
		},
		{name: "boot", text: "what hostnet.service runs: finish what a crash left behind, then apply", run: boot},
		{name: "recover", text: "finish what a crash left behind, and no more", run: recoverHost},
		{
			name: openstackName, arguments: "check|plan|show|allocate DIRECTORY", text: openstackText,
			words: []string{"check", "plan", "show", "allocate"},
		},
		{
			name: "completion", arguments: strings.Join(Shells, "|"), limit: 1, words: Shells, run: completion,
			text: "the completion of a shell, which comes with the command",
		},
		{name: "manual", text: "the man page, which comes with the command", run: manual},
		{name: "help", arguments: "[COMMAND]", limit: 1, text: "all commands, or all about one of them", run: help},
		{name: "version", text: "the version", run: version},
	}
}

// find is the command of that name.
func find(name string) (command, bool) {
	for _, one := range commands() {
		if one.name == name {
			return one, true
		}
	}
	return command{}, false
}

func names() []string {
	var out []string
	for _, one := range commands() {
		out = append(out, one.name)
	}
	return out
}

// usage is what follows the command's name.
func (c command) usage() string {
	words := []string{}
	for _, one := range c.options {
		words = append(words, "["+one.written()+"]")
	}
	if c.arguments != "" {
		words = append(words, c.arguments)
	}
	return strings.Join(words, " ")
}

func (o option) written() string {
	return strings.TrimSpace("--" + o.name + " " + o.value)
}

// Help is a line for each command, and one for what it takes.
func Help() string {
	var out strings.Builder
	out.WriteString("hostnet shows the network of this host, and makes it as declared.\n\n")
	for _, one := range commands() {
		fmt.Fprintf(&out, "  hostnet %-12s %s\n", one.name, one.text)
		if usage := one.usage(); usage != "" {
			fmt.Fprintf(&out, "%23s%s\n", "", usage)
		}
	}
	out.WriteString(`
  hostnet module       run an Ansible module: its arguments come on standard input
  hostnet ./FILE       run an Ansible module: its arguments are in the file

Exit codes are those of diff(1): 0 for success and no difference, 1 for a difference, 2 for trouble.
`)
	return out.String()
}

// help is all about one command.
func (c command) help() string {
	var out strings.Builder
	fmt.Fprintf(&out, "hostnet %s: %s\n\n  %s\n", c.name, c.text, strings.TrimSpace("hostnet "+c.name+" "+c.usage()))
	for i, one := range c.options {
		if i == 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "  %-20s %s\n", one.written(), one.text)
	}
	return out.String()
}
