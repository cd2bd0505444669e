package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Find looks for a program where packages install them, since a task's PATH often lacks the sbin folders.
func (s *System) Find(program string) string {
	for _, folder := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"} {
		if path := filepath.Join(folder, program); isProgram(path) {
			return path
		}
	}
	return ""
}

func isProgram(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// Run runs a program, with input if that is not nil, and waits for it. The error holds what the program said.
func (s *System) Run(limit time.Duration, input []byte, program string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	if input != nil {
		command.Stdin = bytes.NewReader(input)
	}
	command.Env = append(command.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	// A grandchild that keeps the pipe open must not keep us.
	command.WaitDelay = time.Second
	output, err := command.CombinedOutput()
	said := strings.TrimSpace(string(output))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return said, fmt.Errorf("%s did not finish in %s: %s", filepath.Base(program), limit, said)
	}
	if err != nil {
		return said, fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(arguments, " "), err, said)
	}
	return said, nil
}
