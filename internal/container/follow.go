package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/system"
)

// LXC knows nothing of what happens to a container as it runs: at its end it leaves a NIC that was lent meanwhile to
// the kernel, which brings it back under the name that it had inside, or deletes it; and when the container restarts
// itself it is made as its monitor's old configuration has it, hooks included. So one process for all containers waits
// for the end of their inits, brings NICs home, does for one that restarts what LXC does not, and puts ends back into
// bridges that are remade.

// FollowCommand is the first argument with which the collection's program is that process; a folder follows.
const FollowCommand = "follow"

// followFolder holds a file for each container that is followed.
const followFolder = system.RuntimeFolder + "/follow"

// startOf is field 22 of /proc/PID/stat, "" if there is no such process.
func startOf(pid int) string {
	process, found := system.FindProcess(pid)
	if !found || process.Zombie {
		return ""
	}
	return strconv.FormatInt(process.StartTicks, 10)
}

// watch is one init that is waited for.
type watch struct {
	followed
	pidfd int
	// inside keeps the network from ending with the init, so that NICs can be taken out of it.
	inside Kernel
	// cards are the indexes there of NICs that are lent, by their names on the host: the container's root may rename them.
	cards map[string]int
	// file is locked while it is held.
	file *os.File
}

// rescan is how often new containers are looked for without a word about them.
const rescan = 10 * time.Second

// Follow is that process. It ends when no container is left to follow.
func (m *Machine) Follow() error {
	for {
		lock, err := lockFollowing()
		if err != nil || lock == nil {
			return err
		}
		m.followAll()
		_ = lock.Close()
		// A container may have come since the last look, whose task found the lock taken.
		if len(followedFiles()) == 0 {
			return nil
		}
	}
}

func followedFiles() []string {
	files, err := filepath.Glob(filepath.Join(followFolder, "*.json"))
	if err != nil {
		return nil
	}
	return files
}

func (m *Machine) followAll() {
	watches := map[followed]*watch{}
	var busy atomic.Int32
	news, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == nil {
		defer func() { _ = unix.Close(news) }()
		_, err = unix.InotifyAddWatch(news, followFolder, unix.IN_MOVED_TO)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot hear of new containers:", err)
	}
	hosts := m.watchBridges()
	defer hosts.close()
	for {
		for _, file := range followedFiles() {
			one, err := readFollowed(file)
			if err != nil {
				_ = os.Remove(file)
				continue
			}
			if watches[one] == nil {
				fresh := m.watch(one)
				for known, w := range watches {
					if known.isSame(&one) {
						w.close() // the same run, of which more is known now
						delete(watches, known)
					}
				}
				watches[one] = fresh
			}
		}
		if len(watches) == 0 && busy.Load() == 0 {
			return
		}
		ends, links := waitForInits(watches, news, hosts.socket)
		if links {
			m.rejoinAll(watches, hosts.remade(), &busy)
		}
		for _, ended := range ends {
			delete(watches, ended.followed)
			if current, err := readFollowed(ended.path()); err == nil && current == ended.followed {
				_ = os.Remove(ended.path())
			}
			busy.Add(1)
			go func() {
				defer busy.Add(-1)
				m.afterEnd(ended)
			}()
		}
	}
}

func readFollowed(file string) (one followed, err error) {
	contents, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(contents, &one)
	}
	return one, err
}

// watch takes hold of an init; one that is gone already has no pidfd.
func (m *Machine) watch(one followed) *watch {
	w := &watch{followed: one, pidfd: -1}
	fd, err := unix.PidfdOpen(one.Init, 0)
	if err != nil {
		return w
	}
	if startOf(one.Init) != one.Started {
		_ = unix.Close(fd)
		return w
	}
	w.pidfd = fd
	if one.Lends || !one.Hooked {
		if inside, err := m.Open(strconv.Itoa(one.Init)); err == nil {
			w.inside = inside
			w.cards = cardsInside(inside, one.Config)
		}
	}
	if file, err := os.Open(one.path()); err == nil {
		w.file = file
		_ = unix.Flock(int(file.Fd()), unix.LOCK_EX)
	}
	return w
}

func (w *watch) close() {
	if w.pidfd >= 0 {
		_ = unix.Close(w.pidfd)
	}
	if w.file != nil {
		_ = w.file.Close()
	}
	if w.inside != nil {
		w.inside.Close()
	}
}

// waitForInits waits for the end of any of them, for word of new ones, or for a change of the host's links.
func waitForInits(watches map[followed]*watch, news, links int) (ended []*watch, changed bool) {
	var waiting []*watch
	fds := []unix.PollFd{{Fd: int32(news), Events: unix.POLLIN}, {Fd: int32(links), Events: unix.POLLIN}}
	for _, w := range watches {
		if w.pidfd < 0 {
			ended = append(ended, w)
			continue
		}
		waiting = append(waiting, w)
		fds = append(fds, unix.PollFd{Fd: int32(w.pidfd), Events: unix.POLLIN})
	}
	if len(ended) > 0 {
		return ended, false
	}
	limit := rescan
	if len(waiting) == 0 {
		limit = time.Second // a container that restarts comes again soon
	}
	if n, err := unix.Poll(fds, int(limit.Milliseconds())); err != nil || n == 0 {
		return nil, false
	}
	if fds[0].Revents != 0 {
		said := make([]byte, 1<<12)
		_, _ = unix.Read(news, said) // that there is something is all that counts
	}
	for i, fd := range fds[2:] {
		if fd.Revents != 0 {
			ended = append(ended, waiting[i])
		}
	}
	return ended, fds[1].Revents != 0
}

// restarting is how long a container that restarts itself may take.
const restarting = time.Minute

// afterEnd brings a container's NICs home, and does for one that runs again what LXC did not.
func (m *Machine) afterEnd(w *watch) {
	problems := m.bringHome(w)
	w.close()
	folder := filepath.Dir(filepath.Dir(w.Config))
	// Whoever starts the container anew starts another monitor, which knows our hooks.
	lives := func() bool { return !w.Hooked && w.MonitorStarted != "" && startOf(w.Monitor) == w.MonitorStarted }
	for deadline := time.Now().Add(restarting); time.Now().Before(deadline) &&
		lives(); time.Sleep(100 * time.Millisecond) {
		// A monitor whose container is starting does not answer before that has ended.
		state, err := m.Runtime.State(folder, w.Name)
		if err != nil || !state.Running() || state.InitPID == w.Init || state.Name != "RUNNING" {
			continue
		}
		lock, err := lockWiring(w.Config, FollowCommand)
		if err != nil {
			problems = append(problems, err)
			break
		}
		missing := m.startHost(w.Name, w.Config, strconv.Itoa(state.InitPID), false)
		lock.Release()
		if !lives() {
			break // it has ended meanwhile
		}
		problems = append(append(problems, missing...), m.followAgain(w, state))
		break
	}
	said := reportOf(w.Config)
	for _, problem := range problems {
		if problem != nil {
			said.add(w.Name, FollowCommand, problem)
		}
	}
	if len(said.Hooks) > 0 {
		said.save()
	}
}

// followAgain waits for the next end, as the monitor knows no more than before.
func (m *Machine) followAgain(w *watch, state lxc.State) error {
	c := &Container{Name: w.Name, ConfigFile: w.Config, State: state}
	if config, err := lxc.ReadConfig(w.Config, lxc.Disk{}); err == nil {
		c.record, _ = readRecord(config, w.Config) // for its cards; one that nobody can read lends none
	}
	return m.follow(false, c)
}

// cardsInside finds the lent NICs of a container, before its root has had time to rename them.
func cardsInside(inside Kernel, config string) map[string]int {
	found := map[string]int{}
	read, err := lxc.ReadConfig(config, lxc.Disk{})
	if err != nil {
		return found
	}
	record, err := readRecord(read, config)
	if err != nil {
		return found
	}
	for _, one := range record.interfaces {
		if one.kind() != Phys || one.Parent == nil {
			continue
		}
		if link, err := linkOf(inside, one.Name); err == nil && link != nil {
			found[*one.Parent] = link.Index
		}
	}
	return found
}

// moveHome moves one NIC under its own name. An alternative name that the host knows another link by keeps it from
// going (dev_change_net_namespace).
func (m *Machine) moveHome(w *watch, one *Interface) error {
	links, err := w.inside.Links()
	if err != nil {
		return err
	}
	isCard := func(link kernel.Link) bool { return link.Index == w.cards[*one.Parent] }
	at := slices.IndexFunc(links, isCard)
	if at < 0 {
		at = slices.IndexFunc(links, func(link kernel.Link) bool { return link.Name == one.Name })
	}
	if at < 0 {
		return nil // it is home
	}
	down := false
	move := func() error {
		return w.inside.ChangeLink(links[at].Name, kernel.LinkRequest{Name: *one.Parent, Namespace: hostNamespace, Up: &down})
	}
	err = move()
	if names := links[at].AlternativeNames; errors.Is(err, unix.EEXIST) && len(names) > 0 {
		if err := w.inside.DeleteAlternativeNames(links[at].Name, names); err != nil {
			return err
		}
		err = move()
	}
	return err
}

// bringHome moves lent NICs out of the network of a container that has ended, under their own names. LXC does so with
// those that it has lent itself, maybe at the same time: what is gone from there needs nothing any more.
func (m *Machine) bringHome(w *watch) []error {
	if w.inside == nil {
		return nil
	}
	config, err := lxc.ReadConfig(w.Config, lxc.Disk{})
	if err != nil {
		return nil // it has been deleted
	}
	record, err := readRecord(config, w.Config)
	if err != nil {
		return []error{err}
	}
	ended := time.Now()
	var problems []error
	for _, one := range record.interfaces {
		if one.kind() != Phys || one.Parent == nil {
			continue
		}
		err := m.moveHome(w, one)
		if err != nil && !errors.Is(err, unix.ENODEV) {
			problems = append(problems, fmt.Errorf("%s of the host does not come back: %w", *one.Parent, err))
		}
	}
	problems = append(problems, m.giveBackAll(&record, ended)...)
	// Their ends on the host would be in the way of the next start for as long as the kernel takes to clean up.
	links, err := w.inside.Links()
	for _, link := range links {
		if link.Kind == Veth {
			_ = w.inside.DeleteLink(link.Name)
		}
	}
	return append(problems, err)
}
