package system

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTree: what the owner of a tree puts in the place of a file is neither opened nor followed nor replaced, and
// nothing outside of the tree changes.
func TestTree(t *testing.T) {
	needRoot(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("untouched"), 0o644); err != nil {
		t.Fatal(err)
	}
	attacks := map[string]func(etc, path string) error{
		"link out":      func(_, path string) error { return os.Symlink(outside, path) },
		"relative link": func(_, path string) error { return os.Symlink("../../../../../.."+outside, path) },
		"magic link":    func(_, path string) error { return os.Symlink("/proc/self/root"+outside, path) },
		"setting":       func(_, path string) error { return os.Symlink("/proc/sys/net/ipv4/ip_forward", path) },
		"FIFO":          func(_, path string) error { return unix.Mkfifo(path, 0o666) },
		"device":        func(_, path string) error { return unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) },
		"socket":        func(_, path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o666, 0) },
		"folder":        func(_, path string) error { return os.Mkdir(path, 0o755) },
		"folder is a link": func(etc, _ string) error {
			return errors.Join(os.Remove(etc), os.Symlink(filepath.Dir(outside), etc))
		},
		"another's file": func(_, path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o644), os.Chown(path, 7, 7))
		},
		"another's folder": func(etc, _ string) error { return os.Chown(etc, 7, 7) },
		"a file system of its own": func(etc, _ string) error {
			return unix.Mount("tmpfs", etc, "tmpfs", 0, "")
		},
	}
	for name, attack := range attacks {
		root := t.TempDir()
		etc := filepath.Join(root, "etc")
		path := filepath.Join(etc, "outside")
		if err := os.Mkdir(etc, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := attack(etc, path); errors.Is(err, unix.EPERM) {
			t.Logf("%s: not permitted here, so not tried", name)
			continue
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := look(path)
		tree, err := OpenTree(root, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Replace("etc/outside", []byte("ours")); err == nil {
			t.Errorf("%s: it is written to", name)
		}
		if _, err := tree.Read("etc/outside", 100); err == nil && !strings.HasPrefix(name, "another's file") {
			t.Errorf("%s: it is read", name)
		}
		tree.Close()
		if after := look(path); after != before {
			t.Errorf("%s: it was %s and is %s", name, before, after)
		}
		_ = unix.Unmount(etc, unix.MNT_DETACH)
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != "untouched" {
		t.Errorf("%q, %v", text, err)
	}
}

func look(path string) string {
	var stat unix.Stat_t
	if err := unix.Lstat(path, &stat); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("inode %d mode %o size %d", stat.Ino, stat.Mode, stat.Size)
}

// TestTreeReplace: a file keeps its owner and mode, a new one gets those of its folder, and nothing is left beside it.
func TestTreeReplace(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	etc := filepath.Join(root, "etc")
	old := filepath.Join(etc, "old")
	for _, err := range []error{
		os.Mkdir(etc, 0o755), os.WriteFile(old, []byte("old"), 0o640), os.Chown(old, 100000, 100005),
		os.Chown(etc, 100000, 100000),
		os.WriteFile(filepath.Join(etc, temporaryName("old")), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, err := OpenTree(root, 100000)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if err := errors.Join(tree.Replace("etc/old", []byte("new")), tree.Replace("etc/fresh", []byte("new"))); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"old": "640 100000:100005", "fresh": "644 100000:100000"}
	entries, err := os.ReadDir(etc)
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%v, %v", entries, err)
	}
	for name, says := range want {
		var stat unix.Stat_t
		if err := unix.Lstat(filepath.Join(etc, name), &stat); err != nil {
			t.Fatal(err)
		}
		if have := fmt.Sprintf("%o %d:%d", stat.Mode&0o777, stat.Uid, stat.Gid); have != says {
			t.Errorf("%s has %s, want %s", name, have, says)
		}
		if text, err := tree.Read("etc/"+name, 10); err != nil || string(text) != "new" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
