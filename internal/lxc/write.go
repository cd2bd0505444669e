package lxc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// WriteFile replaces a file as a whole: whoever reads it meanwhile sees the old or the new contents, and so does a
// machine that loses its power. Owner and mode stay; a symbolic link is followed.
func WriteFile(path string, contents []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		target, err = path, nil
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(contents)
	err = errors.Join(err, likeBefore(temporary, target), temporary.Sync(), temporary.Close())
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := os.Rename(temporary.Name(), target); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(target))
}

func likeBefore(temporary *os.File, target string) error {
	info, err := os.Stat(target)
	if errors.Is(err, os.ErrNotExist) {
		const readable = 0o644
		return temporary.Chmod(readable)
	}
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := temporary.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return temporary.Chmod(info.Mode().Perm())
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
