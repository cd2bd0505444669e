package ansible

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// StoredCommand is the program's argument where the action plugin has stored it: FOLDER/DIGEST.PROGRAM/PROGRAM.
const StoredCommand = "stored"

// ServeStored is Serve for a program that the action plugin has stored, which has looked whose it is; here its modes
// are put right, since a shell would have to start another program for them.
func ServeStored(input io.Reader, program string, output io.Writer, run func(Call) Result) int {
	if err := keepPrivate(program); err != nil {
		return Fail(err).Write(output, false)
	}
	return Serve(input, program, output, run)
}

// keepPrivate takes the right to write from all but the owner.
func keepPrivate(program string) error {
	const others = 0o022
	own := filepath.Dir(program)
	for _, path := range []string{filepath.Dir(own), own, program} {
		info, err := os.Lstat(path)
		if err == nil && info.Mode().Perm()&others != 0 {
			err = os.Chmod(path, info.Mode().Perm()&^others)
		}
		if err != nil {
			return fmt.Errorf("others than its user must not be able to write to %s: %w", path, err)
		}
	}
	return nil
}

// ServeOpened is ServeStored for a program that the shell has started by a descriptor, which nothing started from here
// is to inherit.
func ServeOpened(input io.Reader, output io.Writer, run func(Call) Result) int {
	const descriptor = 9
	syscall.CloseOnExec(descriptor)
	program, err := os.Executable()
	if err != nil {
		return Fail(err).Write(output, false)
	}
	return ServeStored(input, program, output, run)
}
