// Package control finds the connection over which a task came to this host.
package control

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hostnet.linux/internal/system"
)

// Connection is an SSH connection, seen from this host.
type Connection struct {
	Controller, Host netip.Addr
}

// Find is the SSH connection of the calling process. sudo drops the variable in which sshd notes it, so the process's
// ancestors are asked as well (proc_pid_environ(5)).
func Find() (Connection, bool) {
	if connection, ok := parse(os.Getenv("SSH_CONNECTION")); ok {
		return connection, true
	}
	const generations = 32
	pid := os.Getppid()
	for range generations {
		if pid <= 1 {
			break
		}
		if connection, ok := ofProcess(pid); ok {
			return connection, true
		}
		process, ok := system.FindProcess(pid)
		if !ok {
			break
		}
		pid = process.Parent
	}
	return Connection{}, false
}

func ofProcess(pid int) (Connection, bool) {
	environment, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return Connection{}, false
	}
	for entry := range strings.SplitSeq(string(environment), "\x00") {
		if value, found := strings.CutPrefix(entry, "SSH_CONNECTION="); found {
			return parse(value)
		}
	}
	return Connection{}, false
}

// parse reads "client port server port" (sshd(8), ssh(1)).
func parse(text string) (Connection, bool) {
	fields := strings.Fields(text)
	if len(fields) != 4 {
		return Connection{}, false
	}
	controller, errOne := netip.ParseAddr(fields[0])
	host, errOther := netip.ParseAddr(fields[2])
	return Connection{Controller: controller.Unmap(), Host: host.Unmap()}, errOne == nil && errOther == nil
}
