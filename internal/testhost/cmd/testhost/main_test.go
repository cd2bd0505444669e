package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestWhatFailsOutsideOfAMachineIsTold(t *testing.T) {
	// Building an image runs programs; the exit code of one of these says nothing to whoever waits for a machine.
	failed := exec.Command("sh", "-c", "exit 3").Run()
	for _, one := range []struct {
		name string
		err  error
		code int
		told string
	}{
		{"nothing", nil, 0, ""},
		{"a program that the build runs", fmt.Errorf("image bookworm: %w", failed), 1, "image bookworm: exit status 3"},
		{"a command inside a machine", commandFailed(3), 3, ""},
	} {
		t.Run(one.name, func(t *testing.T) {
			var output bytes.Buffer
			if code := report(one.err, &output); code != one.code {
				t.Errorf("exit code %d, want %d", code, one.code)
			}
			if said := output.String(); !strings.Contains(said, one.told) || one.told == "" && said != "" {
				t.Errorf("it says %q, want %q", said, one.told)
			}
		})
	}
}
