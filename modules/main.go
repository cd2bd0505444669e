// Command hostnet is every module of the collection in one binary.
package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/cli"
	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
	"hostnet.linux/modules/registry"
)

// version is that of the collection; the build sets it.
var version = "development"

// Many objects stay in use until the end of their task: a limit below what they take would have the garbage collected
// all the time.
const (
	manyBytes       = 256 << 10
	garbageWithMany = 50
)

// A task mostly ends before its garbage has to be collected: it may pile up to so much, in percent of what is in use,
// but to no more than so many bytes.
const (
	garbage     = 400
	memoryLimit = 48 << 20
)

func main() {
	backend.Version, backend.Companions = version, cli.Companions
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

func run(arguments []string, input io.Reader, output *os.File, errors io.Writer) int {
	if len(arguments) == 2 && arguments[1] == "version" {
		fmt.Fprintln(output, version)
		return 0
	}
	debug.SetGCPercent(garbage)
	debug.SetMemoryLimit(memoryLimit)
	store.Many = forMany
	system.OpenFolders()
	switch {
	case len(arguments) == 3 && arguments[1] == task.GuardCommand:
		return task.Guard(arguments[2])
	case len(arguments) == 2 && arguments[1] == task.WorkerCommand:
		return task.Work(runCall)
	case len(arguments) == 3 && arguments[1] == backend.SuperviseWatchCommand:
		return backend.SuperviseWatch(arguments[2])
	case len(arguments) > 1 && arguments[1] == dnsmasq.SuperviseCommand:
		return dnsmasq.Supervise(arguments[2:])
	case len(arguments) == 2 && arguments[1] == "module":
		return ansible.Serve(input, arguments[0], output, runCall)
	case len(arguments) == 2 && arguments[1] == ansible.StoredCommand:
		return ansible.ServeOpened(input, output, runCall)
	case len(arguments) == 2 && strings.Contains(arguments[1], "/"):
		return ansible.ServeFile(arguments[1], arguments[0], output, runCall)
	}
	return cli.Run(arguments[1:], output, errors)
}

// forMany has the garbage collected as it suits many objects.
func forMany() {
	debug.SetGCPercent(garbageWithMany)
	debug.SetMemoryLimit(math.MaxInt64)
}

func runCall(call ansible.Call) ansible.Result {
	if call.Bytes > manyBytes {
		forMany()
	}
	if token, given := call.Arguments[task.ConfirmKey]; given {
		nonce, _ := call.Arguments[task.NonceKey].(string)
		return task.Confirm(fmt.Sprint(token), nonce)
	}
	module, err := registry.Find(call.Module)
	if err != nil {
		return ansible.Fail(err)
	}
	return module.Run(context.Background(), call)
}
