package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/system"
)

// endless is a module's input that does not stop.
type endless struct{}

func (endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = ' '
	}
	return len(into), nil
}

// TestArgumentsThatAreNone: whatever comes in, Ansible gets one answer that it can read, and the operator a reason.
func TestArgumentsThatAreNone(t *testing.T) {
	for name, one := range map[string]struct {
		input io.Reader
		want  string
	}{
		"nothing": {strings.NewReader(""), "the arguments (0 bytes) are not a JSON object"},
		"truncated": {strings.NewReader(`{"_ansible_module_name": "hostnet.linux.bond", "name": "bo`),
			"the arguments (58 bytes) are not a JSON object"},
		"a list": {strings.NewReader(`["bond0"]`), "not a JSON object"},
		"two":    {strings.NewReader(`{"name": "bond0"}{"name": "bond1"}`), "more than one JSON value"},
		"huge":   {endless{}, "larger than 64 MiB: split the task"},
		"an unknown module": {strings.NewReader(`{"_ansible_module_name": "hostnet.linux.bonds"}`),
			`there is no module "bonds"`},
	} {
		t.Run(name, func(t *testing.T) { expectFailure(t, []string{"hostnet", "module"}, one.input, one.want) })
	}
	t.Run("no file", func(t *testing.T) {
		expectFailure(t, []string{"hostnet", filepath.Join(t.TempDir(), "arguments")}, nil, "cannot read the arguments")
	})
}

func expectFailure(t *testing.T, arguments []string, input io.Reader, want string) {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "answer"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	if code := run(arguments, input, output, io.Discard); code != 1 {
		t.Errorf("exit code %d", code)
	}
	text, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Failed, Changed bool
		Msg             string
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if !answer.Failed || answer.Changed || !strings.Contains(answer.Msg, want) {
		t.Errorf("want %q: %+v", want, answer)
	}
}

// TestLoginsUmaskDoesNotMatter: what is made for a process that is not root can be reached by it.
func TestLoginsUmaskDoesNotMatter(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	if code := run([]string{"hostnet", "help"}, nil, os.Stdout, io.Discard); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	files := &system.System{Root: t.TempDir()}
	if err := files.Put(system.File{Path: "/folder/file", Present: true, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(files.Path("/folder")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}
