package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// findNetworkd is the process of systemd-networkd in a running container, 0 if there is none.
func (c *Container) findNetworkd() int {
	if !c.running() {
		return 0
	}
	inside, err := os.Readlink(processFile(c.State.InitPID, "ns/pid"))
	if err != nil {
		return 0
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	for _, folder := range processes {
		// The kernel keeps 15 characters of a name. Nothing more is read of what runs inside: its command line is in its
		// memory, which it can make us wait for (see system.Processes).
		name, err := os.ReadFile(filepath.Join(folder, "comm"))
		if err != nil || strings.TrimSpace(string(name)) != "systemd-network" {
			continue
		}
		if where, err := os.Readlink(filepath.Join(folder, "ns/pid")); err != nil || where != inside {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil {
			return pid
		}
	}
	return 0
}

func processFile(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }

// restartNetworkd has systemd-networkd inside read its files. The systemd there starts a killed one again
// (Restart=on-failure in its unit); one that ends in order hands over to the next run what it has set up, which would
// take it from the links that are no longer its own (since version 257).
func (c *Container) restartNetworkd() error {
	old := c.findNetworkd()
	if old == 0 {
		return nil
	}
	if err := unix.Kill(old, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("container %s: cannot restart systemd-networkd: %w", c.Name, err)
	}
	const patience, pause = 15 * time.Second, 50 * time.Millisecond
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
		if now := c.findNetworkd(); now != 0 && now != old {
			return nil
		}
	}
	return fmt.Errorf("container %s: systemd-networkd does not start again within %s: see systemctl status "+
		"systemd-networkd there", c.Name, patience)
}
