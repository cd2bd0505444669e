package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Tree is a tree of files that somebody else rules, such as a container's root: its owner may put a link, a FIFO or a
// device at any name, and change what is there at any moment. Nothing in it leads out of it.
type Tree struct {
	root *os.File
	// user is who owns what may be replaced there.
	user int
}

// OpenTree opens the tree below a folder whose own path can be trusted, of files that belong to a user.
func OpenTree(path string, user int) (*Tree, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Tree{os.NewFile(uintptr(fd), path), user}, nil
}

// Close lets go of the tree.
func (t *Tree) Close() { _ = t.root.Close() }

// inTree keeps every step of a path on the tree's own file system and in real folders.
const inTree = unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

func (t *Tree) open(path string, flags uint64) (*os.File, error) {
	how := &unix.OpenHow{Flags: flags | unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: inTree}
	fd, err := unix.Openat2(int(t.root.Fd()), path, how)
	if errors.Is(err, unix.ENOSYS) {
		err = errors.New("this kernel cannot look into a container's files safely: it takes Linux 5.6 (openat2(2))")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: filepath.Join(t.root.Name(), path), Err: err}
	}
	return os.NewFile(uintptr(fd), filepath.Join(t.root.Name(), path)), nil
}

// Read reads a regular file of at most limit bytes. A path with a symbolic link in it is an error that is unix.ELOOP.
func (t *Tree) Read(path string, limit int64) ([]byte, error) {
	found, err := t.open(path, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	file, err := reopen(int(found.Fd()), found.Name())
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return readBounded(file, limit)
}

// Replace puts a file in the place of a regular one, or where there is none, which keeps its owner and its mode.
// Anything else in its place, and a file or folder of another owner, is left as it is, and an error.
func (t *Tree) Replace(path string, content []byte) error {
	folder, err := t.open(filepath.Dir(path), unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	name := filepath.Base(path)
	file := File{Content: content, Mode: 0o644}
	var stat unix.Stat_t
	if err := unix.Fstat(int(folder.Fd()), &stat); err != nil {
		return err
	}
	if err := t.owned(&stat, folder.Name()); err != nil {
		return err
	}
	file.Owner = &Owner{User: int(stat.Uid), Group: int(stat.Gid)}
	err = unix.Fstatat(int(folder.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case errors.Is(err, unix.ENOENT):
	case err != nil:
		return err
	case stat.Mode&unix.S_IFMT != unix.S_IFREG:
		return &NotPlainError{filepath.Join(t.root.Name(), path), kindOfFile(stat.Mode)}
	default:
		if err := t.owned(&stat, filepath.Join(t.root.Name(), path)); err != nil {
			return err
		}
		file.Mode, file.Owner = fs.FileMode(stat.Mode)&fs.ModePerm, &Owner{User: int(stat.Uid), Group: int(stat.Gid)}
	}
	t.sweep(folder, name)
	return replaceIn(folder, name, file)
}

func (t *Tree) owned(stat *unix.Stat_t, path string) error {
	if int(stat.Uid) != t.user {
		return fmt.Errorf("%s belongs to user %d, not %d: it is left as it is", path, stat.Uid, t.user)
	}
	return nil
}

// sweep removes what a crash in the middle of a Replace has left. The names are looked at in small lots: there may be
// any number of them.
func (t *Tree) sweep(folder *os.File, name string) {
	fd, err := unix.Openat(int(folder.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	listed := os.NewFile(uintptr(fd), folder.Name())
	defer func() { _ = listed.Close() }()
	const mostNames = 4096
	names, _ := listed.Readdirnames(mostNames)
	for _, one := range names {
		if isTemporary(one, name) {
			_ = unix.Unlinkat(int(folder.Fd()), one, 0)
		}
	}
}

// Link is where a symbolic link leads, "" if something else, or nothing, has the name.
func (t *Tree) Link(path string) (string, error) {
	found, err := t.open(path, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = found.Close() }()
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(found.Fd()), "", target)
	if err != nil {
		return "", nil // it is no link
	}
	return string(target[:n]), nil
}

// Remove removes a regular file or a symbolic link of the tree's user.
func (t *Tree) Remove(path string) error {
	return t.inFolder(path, func(folder *os.File, name string) error {
		var stat unix.Stat_t
		if err := unix.Fstatat(int(folder.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if kind := stat.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFLNK {
			return &NotPlainError{filepath.Join(t.root.Name(), path), kindOfFile(stat.Mode)}
		}
		if err := t.owned(&stat, filepath.Join(t.root.Name(), path)); err != nil {
			return err
		}
		return unix.Unlinkat(int(folder.Fd()), name, 0)
	})
}

// Symlink makes a symbolic link where there is nothing.
func (t *Tree) Symlink(target, path string) error {
	return t.inFolder(path, func(folder *os.File, name string) error {
		if err := unix.Symlinkat(target, int(folder.Fd()), name); err != nil {
			return err
		}
		return unix.Fchownat(int(folder.Fd()), name, t.user, t.user, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func (t *Tree) inFolder(path string, do func(folder *os.File, name string) error) error {
	folder, err := t.open(filepath.Dir(path), unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	return do(folder, filepath.Base(path))
}
