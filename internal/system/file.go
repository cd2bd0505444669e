// Package system is the host around the kernel: its files, its commands, its services and its processes.
package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// System is a host whose files are under Root; "" is the running host. Tests have a folder of their own there.
type System struct {
	Root string
}

// File is a file as it is, or as it is to be. It survives JSON, so that it can be put back later.
type File struct {
	Path    string      `json:"path"`
	Present bool        `json:"present"`
	Content []byte      `json:"content,omitempty"`
	Mode    fs.FileMode `json:"mode,omitempty"`
}

// Text is a file with that text that everybody may read.
func Text(path, text string) File {
	return File{Path: path, Present: true, Content: []byte(text), Mode: 0o644}
}

// NoFile is a file that is not to be there.
func NoFile(path string) File { return File{Path: path} }

// Equal tells whether two files have the same content and mode.
func (f File) Equal(other File) bool {
	if !f.Present || !other.Present {
		return f.Path == other.Path && f.Present == other.Present
	}
	return f.Path == other.Path && f.Mode == other.Mode && string(f.Content) == string(other.Content)
}

// Path is where a file of the host really is.
func (s *System) Path(path string) string { return filepath.Join(s.Root, path) }

// Exists tells whether there is a file or folder.
func (s *System) Exists(path string) bool {
	_, err := os.Stat(s.Path(path))
	return err == nil
}

// File reads a file. One that is not there is no error.
func (s *System) File(path string) (File, error) {
	info, err := os.Stat(s.Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return NoFile(path), nil
	}
	if err != nil {
		return File{}, fmt.Errorf("cannot look at %s: %w", path, err)
	}
	content, err := os.ReadFile(s.Path(path))
	if err != nil {
		return File{}, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return File{Path: path, Present: true, Content: content, Mode: info.Mode().Perm()}, nil
}

// OpenFolders has folders made from here on be such that others find their way through them, whatever a login's umask,
// which a hardened host sets to 077: dnsmasq, systemd-networkd and a container's processes read there without being root.
func OpenFolders() { unix.Umask(0o022) }

// Put makes the file so: whoever reads it sees the old content or the new, never a part.
func (s *System) Put(file File) error {
	path := s.Path(file.Path)
	if !file.Present {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove %s: %w", file.Path, err)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of %s: %w", file.Path, err)
	}
	if err := replace(path, file); err != nil {
		return fmt.Errorf("cannot write %s: %w", file.Path, err)
	}
	return nil
}

// replace writes beside the file and renames, which is atomic (rename(2)). The content is on the disk first: after a
// power cut there is the old file or the new one, not an empty one.
func replace(path string, file File) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(file.Content)
	err = errors.Join(err, temporary.Chmod(file.Mode), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Sweep removes what a Put that a crash cut short has left beside the file.
func (s *System) Sweep(path string) error {
	folder, prefix := filepath.Dir(s.Path(path)), "."+filepath.Base(path)+"."
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		// os.CreateTemp ends the name with a number.
		if number, isOurs := strings.CutPrefix(entry.Name(), prefix); isOurs && number != "" && strings.Trim(number, "0123456789") == "" {
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
