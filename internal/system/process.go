package system

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running process.
type Process struct {
	PID     int
	Name    string // the kernel's name of it, at most 15 bytes
	Command []string
	Unit    string // the systemd service that it belongs to, "" if none
	Zombie  bool
	Parent  int
	// User is whose it is: its effective number.
	User    int
	Started time.Time
	// StartTicks is the same in clock ticks since the boot, which no step of the clock changes (proc_pid_stat(5), field
	// 22).
	StartTicks int64
	// NetworkNamespace is the number of the namespace that it is in.
	NetworkNamespace uint64
}

// Processes lists those whose names and users are accepted. Processes that end meanwhile are left out. Of others
// nothing is read but that: to read a process's command line is to wait for its memory, which it may have on a file
// system of its own making.
func Processes(named func(name string) bool, of func(user int) bool) ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes: %w", err)
	}
	boot, err := bootTime()
	if err != nil {
		return nil, err
	}
	var processes []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// Few have the name, and whose a process is takes longer to tell.
		if name := nameOf(pid); name == "" || !named(name) {
			continue
		}
		if user, known := userOf(pid); !known || !of(user) {
			continue
		}
		if process, ok := readProcess(pid, boot); ok {
			processes = append(processes, process)
		}
	}
	return processes, nil
}

// readProc reads a small file of a process. It goes past the runtime's poller, which takes longer than the kernel's
// answer.
func readProc(pid int, name string) ([]byte, error) {
	fd, err := unix.Open(filepath.Join("/proc", strconv.Itoa(pid), name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	buffer := make([]byte, 4096)
	n, err := unix.Read(fd, buffer)
	return buffer[:max(n, 0)], err
}

// FindProcess is the process with that number, if there is one.
func FindProcess(pid int) (Process, bool) {
	boot, err := bootTime()
	if err != nil {
		return Process{}, false
	}
	return readProcess(pid, boot)
}

// userOf is whose a process is. Its folder's owner does not tell: that is root where the process so chooses (proc(5)).
func userOf(pid int) (int, bool) {
	status, err := readProc(pid, "status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		// Real, effective, saved and file system's.
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "Uid:" {
			user, err := strconv.Atoi(fields[2])
			return user, err == nil
		}
	}
	return 0, false
}

func readProcess(pid int, boot time.Time) (Process, bool) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return Process{}, false
	}
	// The name is in brackets and may itself hold brackets and blanks (proc_pid_stat(5)).
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, false
	}
	fields := strings.Fields(string(stat[end+1:]))
	const state, parent, started = 0, 1, 19 // fields 3, 4 and 22
	if len(fields) <= started {
		return Process{}, false
	}
	process := Process{PID: pid, Name: string(stat[open+1 : end]), Zombie: fields[state] == "Z"}
	process.Parent, _ = strconv.Atoi(fields[parent])
	process.User, _ = userOf(pid)
	ticks, _ := strconv.ParseInt(fields[started], 10, 64)
	const ticksPerSecond = 100 // USER_HZ, the same on every architecture that Debian has
	process.StartTicks = ticks
	process.Started = boot.Add(time.Duration(ticks) * time.Second / ticksPerSecond)
	if line, err := os.ReadFile(filepath.Join(folder, "cmdline")); err == nil {
		process.Command = strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	}
	if groups, err := os.ReadFile(filepath.Join(folder, "cgroup")); err == nil {
		process.Unit = unitOf(string(groups))
	}
	process.NetworkNamespace, _ = namespaceOf(filepath.Join(folder, "ns/net"))
	return process, true
}

// unitOf finds the service in the lines of /proc/PID/cgroup, such as 0::/system.slice/lxc-net.service.
func unitOf(groups string) string {
	for line := range strings.Lines(groups) {
		for part := range strings.SplitSeq(strings.TrimSpace(line), "/") {
			if strings.HasSuffix(part, ".service") {
				return part
			}
		}
	}
	return ""
}

func namespaceOf(path string) (uint64, error) {
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return 0, fmt.Errorf("cannot look at %s: %w", path, err)
	}
	return stat.Ino, nil
}

// OwnNetworkNamespace is the number of the namespace of the calling thread.
func OwnNetworkNamespace() (uint64, error) { return namespaceOf(threadNamespace) }

// NetworkNamespaceOf is the number of the namespace of a process.
func NetworkNamespaceOf(pid int) (uint64, error) {
	return namespaceOf(filepath.Join("/proc", strconv.Itoa(pid), "ns/net"))
}

// bootTime is read once: it is needed for each process, and /proc/stat counts every interrupt for it.
var bootTime = sync.OnceValues(readBootTime)

func readBootTime() (time.Time, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the boot time: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if seconds, found := strings.CutPrefix(line, "btime "); found {
			n, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
			return time.Unix(n, 0), err
		}
	}
	return time.Time{}, fmt.Errorf("cannot read the boot time: /proc/stat has none")
}
