// Package cache keeps folders that take long to make between runs of the tests.
package cache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"hostnet.linux/internal/testhost"
)

// unusedAfter is how long a folder stays that nobody asked for.
const unusedAfter = 14 * 24 * time.Hour

// complete is the file that says that a folder was made to its end.
const complete = ".complete"

// Folder returns the folder of that kind and key, beside the images of test machines. The first to ask makes it, in its
// place, since a Python environment cannot be moved; others wait meanwhile. A key is all that the content depends on.
func Folder(ctx context.Context, kind, key string, build func(ctx context.Context, folder string) error) (string,
	error) {
	base, err := testhost.CacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(base, kind+"-"+key)
	unlock, err := lock(ctx, folder+".lock")
	if err != nil {
		return "", fmt.Errorf("%s: %w", folder, err)
	}
	defer unlock()
	now := time.Now()
	if os.Chtimes(filepath.Join(folder, complete), now, now) == nil {
		return folder, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	if err := build(ctx, folder); err != nil {
		return "", fmt.Errorf("%s: %w", folder, err)
	}
	removeUnused(base, kind)
	return folder, os.WriteFile(filepath.Join(folder, complete), nil, 0o600)
}

// lock keeps two processes from making one folder. The kernel lets go of it when the process ends.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another process makes it: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
	return func() { _ = file.Close() }, nil
}

func removeUnused(base, kind string) {
	marks, _ := filepath.Glob(filepath.Join(base, kind+"-*", complete))
	for _, mark := range marks {
		if info, err := os.Stat(mark); err == nil && time.Since(info.ModTime()) > unusedAfter {
			_ = os.RemoveAll(filepath.Dir(mark))
		}
	}
}
