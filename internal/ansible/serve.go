package ansible

import (
	"fmt"
	"io"
	"os"
)

// Serve reads one call, has run answer it, and returns the exit code. Ansible shows a crash as noise without the object
// it was about; an answer is owed whatever happens.
func Serve(input io.Reader, program string, output io.Writer, run func(Call) Result) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			code = Fail(fmt.Errorf("internal error: %v: please report this with the task's arguments", fault)).Write(output,
				false)
		}
	}()
	call, err := ReadCall(input, program)
	if err != nil {
		return Fail(err).Write(output, false)
	}
	return run(call).Write(output, call.Diff)
}

// ServeFile is Serve for a call in a file, as Ansible itself calls a binary module.
func ServeFile(path, program string, output io.Writer, run func(Call) Result) int {
	file, err := os.Open(path)
	if err != nil {
		return Fail(fmt.Errorf("cannot read the arguments: %w", err)).Write(output, false)
	}
	defer func() { _ = file.Close() }()
	return Serve(file, program, output, run)
}
