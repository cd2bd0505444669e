package system

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Owner is whom a file belongs to.
type Owner struct {
	User  int `json:"user"`
	Group int `json:"group"`
}

// temporaryName is a name that Sweep knows again.
func temporaryName(name string) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return "." + name + "." + hex.EncodeToString(random) + temporaryEnding
}

const temporaryEnding = ".hostnet"

// isTemporary tells whether a name is one that replaceIn makes for a file of that name.
func isTemporary(entry, name string) bool {
	middle, found := strings.CutPrefix(entry, "."+name+".")
	if number, ours := strings.CutSuffix(middle, temporaryEnding); found && ours {
		return len(number) == 16 && strings.Trim(number, "0123456789abcdef") == ""
	}
	// Release 1.0.0 had os.CreateTemp make it, which ends the name with a number.
	return found && middle != "" && strings.Trim(middle, "0123456789") == ""
}

// replaceIn writes beside the file and renames, which is atomic (rename(2)). The content is on the disk first: after a
// power cut there is the old file or the new one, not an empty one. The folder is an open one, so that nobody can slip
// in another meanwhile.
func replaceIn(folder *os.File, name string, file File) (err error) {
	temporary := temporaryName(name)
	flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(int(folder.Fd()), temporary, flags, 0o600)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), temporary)
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = unix.Unlinkat(int(folder.Fd()), temporary, 0)
		}
	}()
	if _, err = out.Write(file.Content); err != nil {
		return err
	}
	if file.Owner != nil {
		if err = out.Chown(file.Owner.User, file.Owner.Group); err != nil {
			return err
		}
	}
	// A change of hands takes the setuid bits away (chown(2)): the mode comes after it.
	if err = out.Chmod(file.Mode); err != nil {
		return err
	}
	if err = writeAttributes(fd, file.Attributes); err != nil {
		return err
	}
	if err = errors.Join(out.Sync(), out.Close()); err != nil {
		return err
	}
	if err = unix.Renameat(int(folder.Fd()), temporary, int(folder.Fd()), name); err != nil {
		return err
	}
	return syncOpen(folder)
}

// syncOpen puts the names of a folder on the disk: syncing a file does not (fsync(2)).
func syncOpen(folder *os.File) error {
	fd, err := unix.Openat(int(folder.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fsync(fd), unix.Close(fd))
}

// linkIn makes the name a symbolic link to a target, in one step.
func linkIn(folder *os.File, name, target string) error {
	temporary := temporaryName(name)
	if err := unix.Symlinkat(target, int(folder.Fd()), temporary); err != nil {
		return err
	}
	if err := unix.Renameat(int(folder.Fd()), temporary, int(folder.Fd()), name); err != nil {
		_ = unix.Unlinkat(int(folder.Fd()), temporary, 0)
		return err
	}
	return syncOpen(folder)
}

// removeIn removes a file that may be gone already.
func removeIn(folder *os.File, name string) error {
	err := unix.Unlinkat(int(folder.Fd()), name, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readAttributes reads the extended attributes: access lists, SELinux's label, what users noted.
func readAttributes(fd int) (map[string][]byte, error) {
	size, err := unix.Flistxattr(fd, nil)
	if errors.Is(err, unix.ENOTSUP) || err == nil && size == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]byte, size)
	if size, err = unix.Flistxattr(fd, names); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:size]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, unix.PathMax*16) // XATTR_SIZE_MAX is 64 KiB (linux/limits.h)
		length, err := unix.Fgetxattr(fd, name, value)
		if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[name] = append([]byte{}, value[:length]...)
	}
	return out, nil
}

func writeAttributes(fd int, attributes map[string][]byte) error {
	for name, value := range attributes {
		err := unix.Fsetxattr(fd, name, value, 0)
		if err == nil || errors.Is(err, unix.ENOTSUP) {
			continue
		}
		// What only the security module gives is its own to give again.
		if strings.HasPrefix(name, "security.") && (errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL)) {
			continue
		}
		return err
	}
	return nil
}
