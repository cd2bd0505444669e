package container

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/system"
)

// followed is a container as it runs.
type followed struct {
	Name   string `json:"name"`
	Config string `json:"config"`
	Init   int    `json:"init"`
	// Started tells an init from a later process with its number: clock ticks since the boot.
	Started string `json:"started"`
	// Monitor is the process that restarts the container when that restarts itself.
	Monitor        int    `json:"monitor"`
	MonitorStarted string `json:"monitor_started"`
	// Hooked says that the monitor knows our hooks, which do the rest when the container restarts itself.
	Hooked bool `json:"hooked"`
	// Lends says that the container has a card of the host's.
	Lends bool `json:"lends"`
}

func newFollowed(c *Container) *followed {
	one := &followed{Name: c.Name, Config: c.ConfigFile, Init: c.State.InitPID, Started: startOf(c.State.InitPID)}
	if process, found := system.FindProcess(one.Init); found {
		one.Monitor, one.MonitorStarted = process.Parent, startOf(process.Parent)
	}
	return one
}

func (f *followed) path() string {
	hash := sha256.Sum256([]byte(f.Config))
	const enough = 8
	return filepath.Join(followFolder, hex.EncodeToString(hash[:enough])+".json")
}

// follow has the end of running containers waited for. hooked says that LXC has called our hook for them.
func (m *Machine) follow(hooked bool, containers ...*Container) error {
	for _, folder := range []string{system.RuntimeFolder, followFolder} {
		if err := system.PrivateFolder(folder); err != nil {
			return err
		}
	}
	var lending []*followed
	for _, c := range containers {
		one := newFollowed(c)
		one.Hooked, one.Lends = hooked,
			slices.ContainsFunc(c.record.interfaces, func(i *Interface) bool { return i.kind() == Phys })
		if err := one.note(); err != nil {
			return err
		}
		if one.Lends {
			lending = append(lending, one)
		}
	}
	lock, err := lockFollowing()
	if err != nil {
		return err
	}
	if lock != nil { // nobody follows yet
		_ = lock.Close()
		if err := system.Launch("hostnet-follow", m.Program.Path, FollowCommand, followFolder); err != nil {
			return err
		}
	}
	for _, one := range lending {
		if err := one.awaitHold(); err != nil {
			return err
		}
	}
	return nil
}

// note writes the file. One that says so already stays, as it may be held.
func (f *followed) note() error {
	known, err := readFollowed(f.path())
	if err == nil && known.isSame(f) {
		f.Hooked = f.Hooked || known.Hooked
	}
	if err == nil && known == *f {
		return nil
	}
	contents, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return lxc.WriteFile(f.path(), append(contents, '\n'))
}

// isSame tells whether it is the same run of the container.
func (f *followed) isSame(other *followed) bool {
	return f.Config == other.Config && f.Init == other.Init && f.Started == other.Started
}

// awaitHold waits until the follower has hold of the container's network: from then on no card is lost with it.
func (f *followed) awaitHold() error {
	const patience = 15 * time.Second // the follower may only just begin, on a busy host
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		file, err := os.Open(f.path())
		if errors.Is(err, fs.ErrNotExist) {
			return nil // its init has ended, and what was to be done was done
		}
		if err != nil {
			return err
		}
		err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil
		}
	}
	return fmt.Errorf(
		"nobody waits for the end of container %s after %s: a card that is lent to it may come back under another name",
		f.Name, patience)
}

// followChanged follows the running containers whose configuration a task has changed.
func (p *planner) followChanged() {
	var changed []*Container
	for _, c := range p.containers {
		if c.running() && slices.ContainsFunc(p.files, func(file lxc.Change) bool { return file.Path == c.ConfigFile }) {
			changed = append(changed, c)
		}
	}
	if len(changed) == 0 {
		return
	}
	if err := p.machine.follow(false, changed...); err != nil {
		for _, c := range changed {
			said := reportOf(c.ConfigFile)
			said.add(c.Name, FollowCommand, err)
			said.save()
		}
	}
}

// lockFollowing makes this process the one that follows; nil if there is one.
func lockFollowing() (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(followFolder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, nil
		}
		return nil, err
	}
	return file, nil
}
