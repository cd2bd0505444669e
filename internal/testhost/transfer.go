package testhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Run runs a shell command in the machine as root and returns its standard output. A command that fails gives an
// *ExitError. When ctx ends, the connection is dropped, and with it other commands that run at the time.
func (h *Host) Run(ctx context.Context, command string) (string, error) {
	var stdout, stderr bytes.Buffer
	err := h.Exec(ctx, command, nil, &stdout, &stderr)
	var exit *ExitError
	if errors.As(err, &exit) {
		exit.Stdout, exit.Stderr = stdout.String(), stderr.String()
	}
	return stdout.String(), err
}

// Exec is Run with the command's streams; each may be nil.
func (h *Host) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	err := h.ssh.run(ctx, command, stdin, stdout, stderr)
	var exit *ExitError
	if errors.As(err, &exit) {
		exit.Host = h.Name()
		return err
	}
	if err != nil {
		return fmt.Errorf("testhost: %s: %s: %w", h.Name(), command, h.withConsole(err))
	}
	return nil
}

// Put copies a local file into the machine, whole or not at all, and creates its directory if need be.
func (h *Host) Put(ctx context.Context, local, remote string, mode fs.FileMode) error {
	file, err := os.Open(local)
	if err != nil {
		return fmt.Errorf("testhost: %w", err)
	}
	defer file.Close()
	return h.Write(ctx, file, remote, mode)
}

// Write is Put with the content from a reader.
func (h *Host) Write(ctx context.Context, content io.Reader, remote string, mode fs.FileMode) error {
	target, scratch := quote(remote), quote(remote+".new")
	command := fmt.Sprintf("mkdir -p %s && cat >%s && chmod %o %s && mv -f %s %s",
		quote(filepath.Dir(remote)), scratch, mode.Perm(), scratch, scratch, target)
	var stderr bytes.Buffer
	err := h.Exec(ctx, command, content, nil, &stderr)
	if err != nil {
		return fmt.Errorf("write %s: %w %s", remote, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}

// Get copies a file out of the machine.
func (h *Host) Get(ctx context.Context, remote, local string) error {
	content, err := h.Run(ctx, "cat "+quote(remote))
	if err != nil {
		return err
	}
	return os.WriteFile(local, []byte(content), 0o600)
}

// RunTestBinary copies a compiled test (go test -c) into the machine and runs it there, in its own directory, as root.
// Its output goes to the machine's Log as it comes, and is returned whole. HOSTNET_NO_SKIP=1 tells the test that this
// kernel has everything, so that a skip would hide a failure.
func (h *Host) RunTestBinary(ctx context.Context, local string, arguments ...string) (output string, err error) {
	remote := "/tmp/" + filepath.Base(local)
	if err := h.Put(ctx, local, remote, 0o755); err != nil {
		return "", err
	}
	words := []string{"cd /tmp && HOSTNET_NO_SKIP=1", quote(remote)}
	for _, argument := range arguments {
		words = append(words, quote(argument))
	}
	var whole bytes.Buffer
	// One writer for both streams: the SSH library then copies them in two goroutines, hence the lock.
	both := &lockedWriter{out: io.MultiWriter(&whole, h.machine.Log)}
	err = h.Exec(ctx, strings.Join(words, " "), nil, both, both)
	return whole.String(), err
}

// quote makes one word of a shell command.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
