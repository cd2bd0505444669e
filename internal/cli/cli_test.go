package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/backend"
)

// ask runs the command, and returns its exit code, what it says, and what it complains of.
func ask(t *testing.T, arguments ...string) (int, string, string) {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	var complaints strings.Builder
	code := Run(arguments, output, &complaints)
	said, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(said), complaints.String()
}

// TestWords: what is no command or option is told with the one that may be meant; help and version are no errors.
func TestWords(t *testing.T) {
	for name, one := range map[string]struct {
		arguments       []string
		code            int
		said, complaint string
	}{
		"nothing":             {nil, 0, "hostnet apply ", ""},
		"help":                {[]string{"help"}, 0, "hostnet apply ", ""},
		"--help":              {[]string{"--help"}, 0, "[--check] [--confirm SECONDS] [--json]", ""},
		"help of a command":   {[]string{"help", "show"}, 0, "hostnet show: ", ""},
		"a command's help":    {[]string{"show", "--help"}, 0, "--json ", ""},
		"help of none":        {[]string{"help", "shwo"}, 2, "", `did you mean "show"?`},
		"--version":           {[]string{"--version"}, 0, backend.Version + "\n", ""},
		"version":             {[]string{"version"}, 0, backend.Version + "\n", ""},
		"two letters changed": {[]string{"shwo"}, 2, "", "hostnet: no command \"shwo\": did you mean \"show\"?\n"},
		"nothing alike":       {[]string{"frobnicate"}, 2, "", `no command "frobnicate": see hostnet help`},
		"an option first":     {[]string{"--json", "show"}, 2, "", "there is no option --json before the command"},
		"an option misspelt": {[]string{"apply", "--chekc"}, 2, "",
			"apply has no option --chekc (did you mean --check?): see hostnet apply --help"},
		"an option of another":       {[]string{"confirm", "--json"}, 2, "", "confirm has no option --json"},
		"no value":                   {[]string{"apply", "--confirm"}, 2, "", "hostnet: --confirm needs a value: see hostnet apply --help"},
		"a bad value":                {[]string{"draw", "--fold", "x"}, 2, "", `hostnet: "x" is no value of --fold: see hostnet draw --help`},
		"a letter":                   {[]string{"show", "-x"}, 2, "", "show has no option -x: see"},
		"too much":                   {[]string{"diff", "more"}, 2, "", `diff takes no "more"`},
		"a generation":               {[]string{"log", "x"}, 2, "", `log takes the number of a generation, not "x"`},
		"options after what follows": {[]string{"log", "x", "--json"}, 2, "", `not "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, said, complaint := ask(t, one.arguments...)
			if code != one.code || !strings.Contains(said, one.said) || !strings.Contains(complaint, one.complaint) {
				t.Errorf("exit code %d, %q, %q", code, said, complaint)
			}
		})
	}
}

// TestCommandLine: what is to be typed again as root is what was typed, options and all.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	if got := commandLine([]string{"apply", "--check", "br-*", "it's", ""}); got != `apply --check 'br-*' 'it'\''s' ''` {
		t.Error(got)
	}
}

// TestHelpOfEach: each command has a help that names all its options, with two dashes.
func TestHelpOfEach(t *testing.T) {
	all := Help()
	for _, one := range commands() {
		code, said, complaint := ask(t, one.name, "--help")
		if code != 0 || complaint != "" || !strings.Contains(all, "hostnet "+one.name+" ") ||
			!strings.HasPrefix(said, "hostnet "+one.name+": ") {
			t.Errorf("%s: exit code %d: %s%s", one.name, code, said, complaint)
		}
		for _, option := range one.options {
			if !strings.Contains(said, "\n  --"+option.name) || option.text == "" {
				t.Errorf("%s: --%s is not in its help", one.name, option.name)
			}
		}
		for _, line := range strings.Split(said, "\n") {
			if len(line) > 120 {
				t.Errorf("%s: a long line: %s", one.name, line)
			}
		}
	}
}
