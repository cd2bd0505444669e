package system

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// LargestFile bounds what is read of one file: a configuration of some other program is never that large.
const LargestFile = 64 << 20

// NotPlainError says that something other than a regular file of a usual size has a file's name. A task that is about
// something else passes it over.
type NotPlainError struct {
	Path string
	Is   string // what it is, such as "a FIFO"
}

func (e *NotPlainError) Error() string {
	return fmt.Sprintf("%s is %s, not a regular file: remove it, or name another file", e.Path, e.Is)
}

// IsNotPlain tells whether an error says that a file is none.
func IsNotPlain(err error) bool {
	var not *NotPlainError
	return errors.As(err, &not)
}

// deepestLink is how many symbolic links are followed to one file (MAXSYMLINKS in linux/namei.h).
const deepestLink = 40

// Open opens a regular file for reading. Nothing that another user can put there makes it wait or have an effect: a
// FIFO is not waited for, a device not opened, and of symbolic links only root's own are followed, since anybody else's
// may lead to a file that only root can read.
func Open(path string) (*os.File, error) {
	parent, name, err := resolve(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = parent.Close() }()
	return openIn(parent, name, path)
}

// openIn opens a regular file in a folder. It is looked at before it is opened: to open a device can be an effect
// itself.
func openIn(parent *os.File, name, path string) (*os.File, error) {
	fd, err := unix.Openat(int(parent.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	return reopen(fd, path)
}

// reopen opens for reading what an O_PATH descriptor stands for, if that is a regular file.
func reopen(fd int, path string) (*os.File, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, &NotPlainError{path, kindOfFile(stat.Mode)}
	}
	opened, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd),
		unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(opened), path), nil
}

func kindOfFile(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR, unix.S_IFBLK:
		return "a device"
	case unix.S_IFLNK:
		return "a symbolic link that is not followed"
	}
	return "of an unknown kind"
}

// readBounded reads all of an open file. Files under /proc tell no size beforehand.
func readBounded(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := &NotPlainError{file.Name(), fmt.Sprintf("larger than %d KiB", limit>>10)}
	if info.Size() > limit {
		return nil, tooLarge
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		return nil, tooLarge
	}
	return content, err
}

// Read reads a regular file as Open opens it, of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return readBounded(file, limit)
}

// List lists the names in a folder, whose path is followed as Open does it.
func List(path string) ([]string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	folder, err := openFolder(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = folder.Close() }()
	fd, err := unix.Openat(int(folder.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	listed := os.NewFile(uintptr(fd), path)
	defer func() { _ = listed.Close() }()
	return listed.Readdirnames(-1)
}

// resolve opens the folder that a file is in, and says its name there. Symbolic links on the way, and at its end, are
// followed where root or the caller made them. The name may lead to nothing.
func resolve(path string) (*os.File, string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, "", err
	}
	for range deepestLink {
		folder, name := filepath.Split(path)
		parent, err := openFolder(filepath.Clean(folder))
		if err != nil {
			return nil, "", err
		}
		target, err := followed(parent, name)
		if err != nil {
			_ = parent.Close()
			return nil, "", err
		}
		if target == "" {
			return parent, cmpName(name), nil
		}
		_ = parent.Close()
		if !filepath.IsAbs(target) {
			target = folder + target
		}
		path = filepath.Clean(target)
	}
	return nil, "", unix.ELOOP
}

// cmpName is the name of the root folder in itself.
func cmpName(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// openFolder opens a folder. Most paths have no link on their way, which is one call of the kernel.
func openFolder(path string) (*os.File, error) {
	how := &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, how)
	if err == nil {
		return os.NewFile(uintptr(fd), path), nil
	}
	if !errors.Is(err, unix.ELOOP) && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return nil, err
	}
	return walkTo(path)
}

// walkTo goes to a folder step by step.
func walkTo(path string) (*os.File, error) {
	left, links := strings.Split(strings.Trim(path, "/"), "/"), 0
	at, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	for len(left) > 0 {
		name := left[0]
		left = left[1:]
		if name == "" || name == "." {
			continue
		}
		here := os.NewFile(uintptr(at), name)
		target, err := followed(here, name)
		var next int
		switch {
		case err != nil:
		case target != "":
			if links++; links > deepestLink {
				err = unix.ELOOP
				break
			}
			left = append(strings.Split(target, "/"), left...)
			from := "."
			if filepath.IsAbs(target) {
				from = "/"
			}
			next, err = unix.Openat(at, from, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		default:
			next, err = unix.Openat(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		}
		_ = here.Close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return os.NewFile(uintptr(at), path), nil
}

// followed is where a symbolic link leads, "" for anything else. One that neither root nor the caller made is an error.
func followed(folder *os.File, name string) (string, error) {
	fd, err := unix.Openat(int(folder.Fd()), cmpName(name), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", err
	}
	if stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is a symbolic link of user %d, which is not followed: %w", name, stat.Uid, unix.ELOOP)
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", target)
	return string(target[:max(n, 0)]), err
}
