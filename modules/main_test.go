package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		"nothing":           {strings.NewReader(""), "the arguments (0 bytes) are not a JSON object"},
		"truncated":         {strings.NewReader(`{"_ansible_module_name": "hostnet.linux.bond", "name": "bo`), "the arguments (58 bytes) are not a JSON object"},
		"a list":            {strings.NewReader(`["bond0"]`), "not a JSON object"},
		"two":               {strings.NewReader(`{"name": "bond0"}{"name": "bond1"}`), "more than one JSON value"},
		"huge":              {endless{}, "larger than 64 MiB: split the task"},
		"an unknown module": {strings.NewReader(`{"_ansible_module_name": "hostnet.linux.bonds"}`), `there is no module "bonds"`},
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
