package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// RuntimeFolder is where the collection keeps what is gone with the boot. Other users have no way into it.
const RuntimeFolder = "/run/hostnet"

// NamespacesFolder holds a folder for each other namespace that something is served in. dnsmasq, which is not root,
// reads its files there.
const NamespacesFolder = "/run/hostnet-netns"

// PrivateFolder makes a folder that nobody but its owner, who is the caller, can look into. flock(2) asks for no more
// than read access, so that a lock which others can open is one that others can hold.
func PrivateFolder(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d: remove it", path, stat.Uid)
	}
	if stat.Mode&0o077 == 0 {
		return nil
	}
	return unix.Fchmod(fd, 0o700)
}

// Lock is held by one process at a time. The kernel lets go of it when its holder dies (flock(2)).
type Lock struct {
	file *os.File
}

// BusyError says who holds a lock.
type BusyError struct {
	// Holder is "" while it begins or ends.
	Holder string
}

func (e *BusyError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "one that just begins or ends"
	}
	return fmt.Sprintf("another run is changing this network: %s; run the task again when it is done", holder)
}

// HeldBy tells whether the holder goes by that name.
func (e *BusyError) HeldBy(name string) bool { return strings.HasPrefix(e.Holder, name+" (") }

// TakeLock takes the lock for a holder, and waits that long if another run has it. The error is a BusyError then.
func TakeLock(path, holder string, wait time.Duration) (*Lock, error) {
	begin := time.Now()
	for {
		lock, err := tryLock(path, holder)
		var busy *BusyError
		if err == nil || !errors.As(err, &busy) {
			return lock, err
		}
		patience := wait
		if busy.Holder == "" {
			patience = max(wait, moment)
		}
		if time.Since(begin) > patience {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// moment is how long a holder may take to write its name after it has the lock, or to end after it has removed the
// file.
const moment = time.Second

// longestHolder bounds what is read of who holds a lock.
const longestHolder = 4096

func tryLock(path, holder string) (*Lock, error) {
	if err := PrivateFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("cannot lock this network: %w", err)
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock this network: %w", &fs.PathError{Op: "open", Path: path, Err: err})
	}
	file := os.NewFile(uintptr(fd), path)
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer func() { _ = file.Close() }()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("cannot lock this network: %w", err)
		}
		text, _ := readBounded(file, longestHolder)
		return nil, &BusyError{Holder: strings.TrimSpace(string(text))}
	}
	if !isStill(file, path) {
		// Its last holder has removed it between our open and our lock.
		_ = file.Close()
		return nil, &BusyError{}
	}
	text := fmt.Sprintf("%s (process %d, since %s)\n", holder, os.Getpid(), time.Now().Format(time.DateTime))
	if err := errors.Join(file.Truncate(0), writeAt(file, text)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("cannot write who locks this network: %w", err)
	}
	return &Lock{file: file}, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func isStill(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, there)
}

// IsLocked tells whether a process that lives holds the lock.
func IsLocked(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	return errors.Is(unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Release lets others go on.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	_ = os.Remove(l.file.Name())
	_ = l.file.Close()
}
