package topology

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/system"
)

// namedFolder is where iproute2 keeps the names of namespaces, in each root file system.
const namedFolder = "run/netns"

// find lists the namespaces of this host: its own, those with a name, and those of containers, each of which may have
// some with a name too. It takes root to see them all: an ordinary user sees the host's own.
func find() ([]*Namespace, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	own, err := system.OwnNetworkNamespace()
	if err != nil {
		return nil, err
	}
	seen := map[uint64]bool{own: true}
	list := []*Namespace{{Name: host, Kind: Machine}}
	list = append(list, named("/", "", seen)...)
	processes, err := system.Processes(func(string) bool { return true }, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(processes, func(a, b system.Process) int { return cmp.Compare(a.PID, b.PID) })
	byPID := make(map[int]system.Process, len(processes))
	for _, one := range processes {
		byPID[one.PID] = one
	}
	var inside []*Namespace
	for _, one := range processes {
		if one.NetworkNamespace == 0 || seen[one.NetworkNamespace] {
			continue
		}
		name, isContainer := containerOf(one, byPID)
		if !isContainer {
			continue
		}
		seen[one.NetworkNamespace] = true
		folder := filepath.Join("/proc", strconv.Itoa(one.PID))
		list = append(list, &Namespace{Name: name, Kind: Container, path: filepath.Join(folder, "ns/net")})
		inside = append(inside, named(filepath.Join(folder, "root"), name, seen)...)
	}
	slices.SortFunc(list[1:], func(a, b *Namespace) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return append(list, inside...), nil
}

// named are the namespaces with a name below a root file system.
func named(root, within string, seen map[uint64]bool) []*Namespace {
	folder := filepath.Join(root, namedFolder)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var list []*Namespace
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		number, err := numberOf(path)
		if err != nil || seen[number] {
			continue
		}
		seen[number] = true
		list = append(list, &Namespace{Name: entry.Name(), Kind: Named, Within: within, path: path})
	}
	return list
}

// numberOf is the number of the namespace that a file stands for.
func numberOf(path string) (uint64, error) {
	var stat unix.Stat_t
	err := unix.Stat(path, &stat)
	return stat.Ino, err
}

// containerOf is the container whose first process it is. LXC's monitor is that one's parent and calls itself
// "[lxc monitor] FOLDER NAME" (lxc_start in src/lxc/start.c).
func containerOf(process system.Process, all map[int]system.Process) (string, bool) {
	parent, known := all[process.Parent]
	if !known || len(parent.Command) == 0 {
		return "", false
	}
	words := strings.Fields(strings.Join(parent.Command, " "))
	if len(words) >= 4 && words[0] == "[lxc" && words[1] == "monitor]" {
		return words[len(words)-1], true
	}
	return "", false
}
