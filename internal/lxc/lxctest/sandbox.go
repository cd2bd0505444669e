// Package lxctest gives tests real LXC containers that touch nothing of the machine: the test process runs itself again
// in network and mount namespaces of its own, and there plays the host.
package lxctest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/netnstest"
)

// inside marks the process that runs the tests.
const inside = "HOSTNET_LXC_SANDBOX"

// covers are folders that LXC or the collection writes to; the sandbox has its own.
var covers = []string{"/run", "/usr/local/lib"}

// Main runs a package's tests in the sandbox. Called by an LXC hook, or as a DHCP client, the process is the
// collection's program instead.
func Main(m *testing.M, program func(arguments []string) error) {
	switch {
	case len(os.Args) > 2 && (!strings.HasPrefix(os.Args[1], "-") || strings.HasPrefix(os.Args[1], "--path=")):
		if err := program(os.Args[1:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	case os.Getenv(inside) != "":
		code := m.Run()
		forgetPattern()
		os.Exit(code)
	case Missing() != "" || isList():
		os.Exit(m.Run())
	}
	os.Exit(again())
}

// again runs this process once more, in the sandbox.
func again() int {
	if os.Getenv(inside+"_MOUNTS") == "" {
		_ = os.Setenv(inside+"_MOUNTS", "1")
		return runShares(shares(os.Args[1:]), apart)
	}
	if err := mounts(); err != nil {
		fmt.Fprintln(os.Stderr, "cannot set the sandbox up:", err)
		return 1
	}
	_ = os.Setenv(inside, "1")
	err := unix.Exec("/proc/self/exe", os.Args, os.Environ())
	fmt.Fprintln(os.Stderr, "cannot enter the sandbox:", err)
	return 1
}

// apart runs this program in namespaces of its own.
func apart(arguments []string, out io.Writer) error {
	// The kernel kills the child when the thread that started it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	command := exec.Command("/proc/self/exe", arguments...)
	command.Stdout, command.Stderr = out, os.Stderr
	command.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET,
		Unshareflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	return command.Run()
}

// isList tells that the tests are only listed.
func isList() bool {
	flag.Parse()
	return flag.Lookup("test.list").Value.String() != ""
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// mounts gives the sandbox the sysfs of its own network, with the control groups that LXC wants.
func mounts() error {
	const groups, kept = "/sys/fs/cgroup", "/mnt"
	steps := []error{
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount(groups, kept, "", unix.MS_BIND|unix.MS_REC, ""),
		unix.Mount("sysfs", "/sys", "sysfs", 0, ""),
		unix.Mount(kept, groups, "", unix.MS_BIND|unix.MS_REC, ""),
		unix.Unmount(kept, unix.MNT_DETACH),
	}
	for _, cover := range covers {
		steps = append(steps, unix.Mount("tmpfs", cover, "tmpfs", 0, ""))
	}
	steps = append(steps, os.MkdirAll("/run/netns", 0o755), os.MkdirAll("/run/lock", 0o755))
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		steps = append(steps, fmt.Errorf("%s: %w", out, err))
	}
	return errors.Join(steps...)
}

// Missing says why there can be no containers here, "" if there can.
func Missing() string {
	if os.Geteuid() != 0 {
		return "containers need root"
	}
	for _, program := range []string{"lxc-start", "lxc-create", "busybox", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Sprintf("there is no %s", program)
		}
	}
	return ""
}

// Need skips the test where there can be no containers.
func Need(t testing.TB) {
	t.Helper()
	if missing := Missing(); missing != "" {
		netnstest.Skip(t, "%s", missing)
	}
}
