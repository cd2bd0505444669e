package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// OpenNamespace opens the file that stands for a network namespace. It is looked at before it is opened: a path that a
// task gives may lead to a FIFO, which keeps whoever opens it waiting, or to a device.
func OpenNamespace(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Statfs_t
	if err := unix.Fstatfs(fd, &stat); err != nil {
		return nil, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	no := &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no network namespace")}
	if stat.Type != unix.NSFS_MAGIC {
		return nil, no
	}
	opened, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	kind, err := unix.IoctlRetInt(opened, unix.NS_GET_NSTYPE)
	if err != nil || kind != unix.CLONE_NEWNET {
		_ = unix.Close(opened)
		return nil, no
	}
	return os.NewFile(uintptr(opened), path), nil
}
