// Package system is the host around the kernel: its files, its commands, its services and its processes.
package system

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// System is a host whose files are under Root; "" is the running host. Tests have a folder of their own there.
type System struct {
	Root string

	connecting sync.Mutex
	manager    *manager
}

// File is a file as it is, or as it is to be. It survives JSON, so that it can be put back later, byte for byte.
type File struct {
	Path    string      `json:"path"`
	Present bool        `json:"present"`
	Content []byte      `json:"content,omitempty"`
	Mode    fs.FileMode `json:"mode,omitempty"`
	// Owner is whom it belongs to; nil is whoever writes it.
	Owner *Owner `json:"owner,omitempty"`
	// Attributes are its extended ones.
	Attributes map[string][]byte `json:"attributes,omitempty"`
	// Link is where the path leads if it is a symbolic link: the rest is about the file there.
	Link string `json:"link,omitempty"`
	// Folders are those above it that are not there either, the innermost first: an undo takes them away again.
	Folders []string `json:"folders,omitempty"`
}

// Text is a file with that text that everybody may read.
func Text(path, text string) File {
	return File{Path: path, Present: true, Content: []byte(text), Mode: 0o644}
}

// NoFile is a file that is not to be there.
func NoFile(path string) File { return File{Path: path} }

// Equal tells whether two files have the same content and mode, and the same owner where both say one.
func (f File) Equal(other File) bool {
	if !f.Present || !other.Present {
		return f.Path == other.Path && f.Present == other.Present
	}
	sameOwner := f.Owner == nil || other.Owner == nil || *f.Owner == *other.Owner
	return f.Path == other.Path && f.Mode == other.Mode && sameOwner && bytes.Equal(f.Content, other.Content)
}

// Path is where a file of the host really is.
func (s *System) Path(path string) string { return filepath.Join(s.Root, path) }

// Exists tells whether there is a file or folder.
func (s *System) Exists(path string) bool {
	_, err := os.Stat(s.Path(path))
	return err == nil
}

// File reads a file. One that is not there is no error; what is no regular file, or a huge one, is a NotPlainError.
func (s *System) File(path string) (File, error) {
	file, err := readFile(s.Path(path))
	file.Path = path
	if err != nil && !IsNotPlain(err) {
		return File{}, fmt.Errorf("cannot read %s: %w", path, err)
	}
	if !file.Present && err == nil {
		for folder := filepath.Dir(path); s.isMissing(folder); folder = filepath.Dir(folder) {
			file.Folders = append(file.Folders, folder)
		}
	}
	return file, err
}

func (s *System) isMissing(path string) bool {
	_, err := os.Lstat(s.Path(path))
	return errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path
}

// keptModes are the bits of a mode that a file is put back with.
const keptModes = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func readFile(path string) (File, error) {
	file := File{}
	if link, err := os.Readlink(path); err == nil {
		file.Link = link
	}
	opened, err := Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if file.Link == os.DevNull && IsNotPlain(err) {
		// What systemd and others take for an empty file that hides another (systemd.unit(5)).
		file.Present = true
		return file, nil
	}
	if err != nil {
		return file, err
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Stat()
	if err != nil {
		return file, err
	}
	if file.Content, err = readBounded(opened, LargestFile); err != nil {
		return file, err
	}
	file.Present, file.Mode = true, info.Mode()&keptModes
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		file.Owner = &Owner{User: int(stat.Uid), Group: int(stat.Gid)}
	}
	if strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/sys/") {
		return file, nil
	}
	file.Attributes, err = readAttributes(int(opened.Fd()))
	return file, err
}

// OpenFolders has folders made from here on be such that others find their way through them, whatever a login's umask,
// which a hardened host sets to 077: dnsmasq, systemd-networkd and a container's processes read there without being
// root.
func OpenFolders() { unix.Umask(0o022) }

// Put makes the file so: whoever reads it sees the old content or the new, never a part.
func (s *System) Put(file File) error {
	path := s.Path(file.Path)
	// Others go by the time of a file: dnsmasq that is older than its configuration is to be started anew.
	if have, err := s.File(file.Path); err == nil && have.Present && have.Link == file.Link && have.Equal(file) &&
		(len(file.Attributes) == 0 || maps.EqualFunc(have.Attributes, file.Attributes, bytes.Equal)) {
		return nil
	}
	verb := "write"
	if !file.Present {
		verb = "remove"
	} else if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("cannot make the folder of %s: %w", file.Path, err)
		}
	}
	if err := put(path, file); err != nil {
		return fmt.Errorf("cannot %s %s: %w", verb, file.Path, err)
	}
	return nil
}

func put(path string, file File) error {
	parent, err := openFolder(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) && !file.Present && file.Link == "" {
		return nil
	}
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	defer func() { _ = parent.Close() }()
	if file.Link != "" {
		if link, err := os.Readlink(path); err != nil || link != file.Link {
			if err := linkIn(parent, name, file.Link); err != nil {
				return err
			}
		}
		target, targetName, err := resolve(path)
		if err != nil {
			return err
		}
		defer func() { _ = target.Close() }()
		if target.Name() == filepath.Dir(os.DevNull) {
			return nil
		}
		parent, name = target, targetName
	}
	var stat unix.Stat_t
	err = unix.Fstatat(int(parent.Fd()), name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	if !file.Present && errors.Is(err, unix.ENOENT) {
		// Read-only file systems refuse to remove even that.
		return nil
	}
	if !file.Present {
		return removeIn(parent, name)
	}
	if err == nil {
		if kind := stat.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFLNK {
			return &NotPlainError{filepath.Join(parent.Name(), name), kindOfFile(stat.Mode)}
		}
	}
	return replaceIn(parent, name, file)
}

// PutBack is Put for an undo: what a Put that a crash cut short has left beside the file goes, too, also where the file itself is
// as it was.
func (s *System) PutBack(file File) error {
	return errors.Join(s.Sweep(file.Path), s.Put(file), s.removeFolders(file))
}

// removeFolders removes those that were not there, where nothing is left in them.
func (s *System) removeFolders(file File) error {
	for _, folder := range file.Folders {
		err := os.Remove(s.Path(folder))
		if errors.Is(err, unix.ENOTEMPTY) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove the folder %s: %w", folder, err)
		}
	}
	return nil
}

// Sweep removes what a Put that a crash cut short has left beside the file.
func (s *System) Sweep(path string) error {
	folder, name := filepath.Dir(s.Path(path)), filepath.Base(path)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if isTemporary(entry.Name(), name) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, entry.Name())))
		}
	}
	return err
}

// Rename makes a file take the place of another, in one step that also survives a power cut.
func (s *System) Rename(from, to string) error {
	if err := os.Rename(s.Path(from), s.Path(to)); err != nil {
		return fmt.Errorf("cannot rename %s to %s: %w", from, to, err)
	}
	return syncFolder(filepath.Dir(s.Path(to)))
}

// syncFolder puts the names of a folder on the disk: syncing a file does not (fsync(2)).
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// RemoveEmptyFolder removes a folder that nothing is left in.
func (s *System) RemoveEmptyFolder(path string) {
	_ = os.Remove(s.Path(path))
}
