//go:build cgo

// Command hostnet-lxc is the modules of the collection that are about LXC containers. It is a program of its own
// because it links liblxc, so it needs the C library and LXC on the host, which the others do not.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/lxc/liblxc"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
	"hostnet.linux/modules/containers"
)

// version is that of the collection; the build sets it.
var version = "development"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

const usage = `hostnet-lxc wires LXC containers as declared.

  hostnet-lxc module       run an Ansible module: its arguments come on standard input
  hostnet-lxc version      print the version
  hostnet-lxc FILE         run an Ansible module: its arguments are in the file
  hostnet-lxc hook MOMENT  called by LXC when it starts a container: MOMENT is pre-start or start-host
  hostnet-lxc --path=…     called by LXC when it makes a container of a root file system
  hostnet-lxc dhcp …       the DHCP client of a container's interface, started by the two above
  hostnet-lxc restore      makes containers as they were; what that is comes on standard input
  hostnet-lxc backward     tells what that would change
  hostnet-lxc follow …     waits for the end of containers that were wired as they ran, started by the same
`

func run(arguments []string, input io.Reader, output, errors io.Writer) int {
	system.OpenFolders()
	switch {
	case len(arguments) >= 3 && arguments[1] == "hook":
		if err := machine().Hook(arguments[2], os.Getenv); err != nil {
			fmt.Fprintf(output, "hostnet: container %s: %v\n", os.Getenv("LXC_NAME"), err)
			return 1
		}
		return 0
	case len(arguments) >= 2 && arguments[1] == dnsmasq.SuperviseCommand:
		return dnsmasq.Supervise(arguments[2:])
	case len(arguments) >= 2 && arguments[1] == dhcp.Command:
		return exitCode(machine().DHCP(arguments[2:]), errors)
	case len(arguments) >= 2 && arguments[1] == container.FollowCommand:
		return exitCode(machine().Follow(), errors)
	case len(arguments) >= 2 && container.IsTemplate(arguments[1:]):
		return exitCode(container.Template(arguments[1:]), errors)
	case len(arguments) == 2 && task.IsContainersBack(arguments[1]):
		return exitCode(task.MachineFactory(machine).ContainersBack(arguments[1], input, output), errors)
	case len(arguments) == 2 && arguments[1] == "version":
		fmt.Fprintln(output, version)
		return 0
	case len(arguments) == 2 && !strings.HasPrefix(arguments[1], "-"):
		return serve(arguments, input, output)
	}
	fmt.Fprint(errors, usage)
	return 2
}

// serve runs a module, whose arguments come from where the second argument says.
func serve(arguments []string, input io.Reader, output io.Writer) int {
	switch arguments[1] {
	case "module":
		return ansible.Serve(input, arguments[0], output, runCall)
	case ansible.StoredCommand:
		return ansible.ServeOpened(input, output, runCall)
	}
	return ansible.ServeFile(arguments[1], arguments[0], output, runCall)
}

func exitCode(err error, errors io.Writer) int {
	if err != nil {
		fmt.Fprintln(errors, err)
		return 1
	}
	return 0
}

// machine is this host with the LXC that is linked in.
func machine() *container.Machine {
	source := "/proc/self/exe"
	return &container.Machine{
		Runtime: liblxc.Runtime{},
		Open: func(namespace string) (container.Kernel, error) {
			handle, err := linux.Open(namespace)
			if err != nil {
				return nil, err
			}
			return handle, nil
		},
		Program: container.Program{Path: container.DefaultProgram, Source: source},
	}
}

func runCall(call ansible.Call) ansible.Result {
	module, err := containers.Find(call.Module, machine)
	if err != nil {
		return ansible.Fail(err)
	}
	return module.Run(context.Background(), call)
}
