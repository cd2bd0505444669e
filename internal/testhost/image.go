package testhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// imageFormat goes into every recipe's name: raise it when the Go side of building changes what is in an image.
const imageFormat = "1"

// Image is a built recipe: files that machines only ever read.
type Image struct{ dir string }

func (i Image) disk() string      { return filepath.Join(i.dir, "disk.img") }
func (i Image) kernel() string    { return filepath.Join(i.dir, "kernel") }
func (i Image) initramfs() string { return filepath.Join(i.dir, "initramfs") }

// Key is the private SSH key that opens root's and operator's account on the image's machines.
func (i Image) Key() string { return filepath.Join(i.dir, "ssh_key") }

// CacheDir is where images live: $XDG_CACHE_HOME/hostnet-testhost, or ~/.cache/hostnet-testhost.
func CacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		// A service has no home of its own; root's is known all the same.
		base = "/root/.cache"
	}
	dir := filepath.Join(base, "hostnet-testhost")
	return dir, os.MkdirAll(dir, 0o700)
}

// Build returns the recipe's image, from the cache or newly built, which takes root, the programs that MissingTools
// looks for, and less than a minute. Progress goes to log. Of several processes that want one image, one builds it and
// the others wait.
func (r Recipe) Build(ctx context.Context, log io.Writer) (Image, error) {
	if err := r.validate(); err != nil {
		return Image{}, fmt.Errorf("testhost: %w", err)
	}
	cache, err := CacheDir()
	if err != nil {
		return Image{}, fmt.Errorf("testhost: image cache: %w", err)
	}
	name, err := r.name()
	if err != nil {
		return Image{}, fmt.Errorf("testhost: %w", err)
	}
	image := Image{dir: filepath.Join(cache, name)}
	if image.touch() {
		return image, nil
	}
	unlock, err := lock(ctx, image.dir+".lock",
		func() { fmt.Fprintf(log, "another process builds the image %s, waiting\n", r) })
	if err != nil {
		return Image{}, fmt.Errorf("testhost: image %s: %w", r, err)
	}
	defer unlock()
	if image.touch() {
		return image, nil
	}
	if err := r.buildInto(ctx, cache, image.dir, log); err != nil {
		return Image{}, fmt.Errorf("testhost: build the image %s: %w", r, err)
	}
	removeUnused(cache)
	return image, nil
}

// touch says whether the image exists, and marks it as used now.
func (i Image) touch() bool {
	now := time.Now()
	return os.Chtimes(i.dir, now, now) == nil
}

// unusedAfter is how long an image that no machine was started from stays: recipes change, their images would pile up.
const unusedAfter = 14 * 24 * time.Hour

func removeUnused(cache string) {
	entries, _ := os.ReadDir(cache)
	for _, entry := range entries {
		info, err := entry.Info()
		image := Image{dir: filepath.Join(cache, entry.Name())}
		if _, notImage := os.Stat(image.disk()); err == nil && notImage == nil && time.Since(info.ModTime()) > unusedAfter {
			os.RemoveAll(image.dir)
		}
	}
}

// lock takes the file lock that keeps two processes from building one image, and calls waiting once if it is taken.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("another process builds it: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// buildInto builds in a scratch directory beside the target and renames: an image is there whole or not at all.
func (r Recipe) buildInto(ctx context.Context, cache, target string, log io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("must run as root: Debian's packages are installed into a root file system")
	}
	if missing := MissingTools(); len(missing) > 0 {
		return fmt.Errorf("missing programs %v: run internal/prepare/prepare.sh", missing)
	}
	scratch, err := os.MkdirTemp(cache, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	finished := filepath.Join(scratch, "image")
	if err := os.Mkdir(finished, 0o700); err != nil {
		return err
	}
	builder := &imageBuilder{
		ctx: ctx, recipe: r, log: log, image: Image{dir: finished},
		root: filepath.Join(scratch, "root"), kernelRoot: filepath.Join(scratch, "kernel"),
	}
	if err := builder.run(); err != nil {
		return err
	}
	return os.Rename(finished, target)
}

// command runs a program and puts the end of its output into the error.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	// Children of mmdebstrap and apt would outlive a plain kill and keep writing into the scratch directory.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w:\n%s", name, err, lastLines(output, 15))
	}
	return nil
}

func lastLines(text []byte, count int) []byte {
	lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-count):], []byte("\n"))
}
