package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// completionFile writes the completion of a shell to a file.
func completionFile(t *testing.T, shell string) string {
	t.Helper()
	text, err := Completion(shell)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "completion."+shell)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBashCompletion asks bash itself: commands, options, the words of an option and of an argument, files and links.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	file, folder := completionFile(t, "bash"), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "play.yml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"ap":                 "apply",
		"ex":                 "explain export",
		"apply --c":          "--check --confirm",
		"apply ":             "--check --confirm --help --json",
		"draw --format ":     "svg dot mermaid text",
		"draw --format s":    "svg",
		"draw --title ":      "",
		"watch --mode ":      "repair enforce",
		"check pl":           "play.yml",
		"check --":           "--help --json",
		"draw --host pl":     "play.yml",
		"status lo":          "lo",
		"help stat":          "status",
		"schema ":            "task kept",
		"completion z":       "zsh",
		"openstack al":       "allocate",
		"status --watch --j": "--json",
	} {
		words := append([]string{"hostnet"}, strings.Split(typed, " ")...)
		script :=
			`. "$1"; shift; compopt() { :; }; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _hostnet; echo "${COMPREPLY[*]}"`
		command := exec.CommandContext(t.Context(), bash, append([]string{"-c", script, "bash", file}, words...)...)
		command.Dir = folder
		if got, err := command.CombinedOutput(); err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("hostnet %s: %q, want %q: %v", typed, got, want, err)
		}
	}
}

// TestCompletionsAreSound: the shells read what is generated, and it names every command and every option.
func TestCompletionsAreSound(t *testing.T) {
	t.Parallel()
	checks := map[string][]string{"bash": {"bash", "-n"}, "zsh": {"zsh", "-n"}, "fish": {"fish", "--no-execute"}}
	for _, shell := range Shells {
		text, err := Completion(shell)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range commands() {
			if !strings.Contains(text, one.name) {
				t.Errorf("%s: %s is missing", shell, one.name)
			}
			for _, option := range one.options {
				if !strings.Contains(text, option.name) {
					t.Errorf("%s: --%s of %s is missing", shell, option.name, one.name)
				}
			}
		}
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(checks[shell][0]); err != nil {
				t.Skipf("there is no %s to read it", shell)
			}
			command := exec.CommandContext(t.Context(), checks[shell][0], append(checks[shell][1:], completionFile(t, shell))...)
			if said, err := command.CombinedOutput(); err != nil || len(said) > 0 {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
	if _, err := Completion("bsh"); err == nil || !strings.Contains(err.Error(), `did you mean "bash"?`) {
		t.Errorf("an unknown shell: %v", err)
	}
}

// TestManPage: groff finds nothing to warn of, and every command and option is in it.
func TestManPage(t *testing.T) {
	t.Parallel()
	page := ManPage()
	for _, one := range commands() {
		if !strings.Contains(page, `.SS "hostnet `+roff(one.name)) {
			t.Errorf("%s is missing", one.name)
		}
		for _, option := range one.options {
			if !strings.Contains(page, roff("--"+option.name)) {
				t.Errorf("--%s of %s is missing", option.name, one.name)
			}
		}
	}
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("there is no groff to read it")
	}
	command := exec.CommandContext(t.Context(), "groff", "-man", "-ww", "-z", "-Kutf8")
	command.Stdin = strings.NewReader(page)
	if said, err := command.CombinedOutput(); err != nil || len(bytes.TrimSpace(said)) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}
