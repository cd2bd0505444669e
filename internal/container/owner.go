package container

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// namespaceOwner says whose namespace the host numbers so, "" if no process is in it any more. It asks the kernel and
// not LXC: the monitor of a container that is just starting answers nobody before its hooks have ended, and they ask
// this.
func namespaceOwner(k Kernel, nsid int) string {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return ""
	}
	seen := map[string]bool{}
	for _, entry := range processes {
		pid := entry.Name()
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		namespace, err := os.Readlink("/proc/" + pid + "/ns/net")
		if err != nil || seen[namespace] {
			continue
		}
		seen[namespace] = true
		if number, err := k.NamespaceID(pid); err != nil || number != nsid {
			continue
		}
		if name := monitored(pid); name != "" {
			return "it belongs to the running container " + name
		}
		return fmt.Sprintf("it belongs to the namespace of process %s", pid)
	}
	return ""
}

// monitored is the name of the container whose init the process is: its parent calls itself
// "[lxc monitor] FOLDER NAME" (lxc_start in lxc/lxccontainer.c).
func monitored(pid string) string {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return ""
	}
	// The command in brackets may hold anything; the state and the parent follow it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const parent = 1
	if len(fields) <= parent {
		return ""
	}
	_, name := monitorTitle(fields[parent])
	return name
}

// monitorTitle takes such a title apart; both are "" for any other process.
func monitorTitle(pid string) (folder, name string) {
	command, err := os.ReadFile("/proc/" + pid + "/cmdline")
	if err != nil {
		return "", ""
	}
	title, found := strings.CutPrefix(strings.TrimRight(string(command), "\x00 "), "[lxc monitor] ")
	if !found {
		return "", ""
	}
	space := strings.LastIndexByte(title, ' ')
	return title[:max(space, 0)], title[space+1:]
}
