package system

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLockOfOthers: no other user gets at a lock, neither at a fresh one nor at one that an earlier release left open
// to everybody.
func TestLockOfOthers(t *testing.T) {
	needRoot(t)
	root, err := os.MkdirTemp("/run", "hostnet-lock-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	folder := filepath.Join(root, "hostnet")
	path := filepath.Join(folder, "host.lock")
	for _, err := range []error{os.Chmod(root, 0o755), os.Mkdir(folder, 0o755), os.WriteFile(path, nil, 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	lock, err := TakeLock(path, "a test", 0)
	if err != nil {
		t.Fatal(err)
	}
	if output, err := asNobody("flock", "--nonblock", path, "true"); err == nil ||
		!strings.Contains(output, "Permission denied") {
		t.Errorf("another user's lock: %v: %s", err, output)
	}
	if _, err := TakeLock(path, "another test", 0); err == nil || !strings.Contains(err.Error(), "a test (process") ||
		!IsLocked(path) {
		t.Errorf("it is taken twice: %v", err)
	}
	lock.Release()
	if IsLocked(path) {
		t.Error("it is still locked")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it leaves its file: %v", err)
	}
}

func asNobody(program string, arguments ...string) (string, error) {
	command := exec.Command(program, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	output, err := command.CombinedOutput()
	return string(output), err
}

// TestPrivateFolder: a folder that somebody else has put there is not used.
func TestPrivateFolder(t *testing.T) {
	needRoot(t)
	folder := t.TempDir()
	own, foreign, link := filepath.Join(folder, "a/own"), filepath.Join(folder, "foreign"), filepath.Join(folder, "link")
	if err := PrivateFolder(own); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(own); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	for _, err := range []error{os.Mkdir(foreign, 0o700), os.Chown(foreign, 1000, 1000), os.Symlink(own, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{foreign, link} {
		if err := PrivateFolder(path); err == nil {
			t.Errorf("%s is taken for a folder of ours", path)
		}
	}
}

// TestUptime runs as the clock does, and a wait by it ends.
func TestUptime(t *testing.T) {
	t.Parallel()
	before := Uptime()
	if before <= 0 {
		t.Errorf("%s", before)
	}
	if WaitUntil(before+30*time.Millisecond, nil) {
		t.Error("it says that it was ended")
	}
	if took := Uptime() - before; took < 30*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	ended := make(chan struct{})
	close(ended)
	if !WaitUntil(before+time.Hour, ended) {
		t.Error("it was not ended")
	}
}
