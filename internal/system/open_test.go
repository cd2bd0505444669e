package system

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// obstacles are what may have a file's name, and how to make it.
var obstacles = map[string]func(path string) error{
	"a FIFO":   func(path string) error { return unix.Mkfifo(path, 0o666) },
	"a socket": func(path string) error { return unix.Mknod(path, unix.S_IFSOCK|0o666, 0) },
	"a folder": func(path string) error { return os.Mkdir(path, 0o755) },
	"larger":   func(path string) error { return makeSparse(path, 1<<30) },
	"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
}

func makeSparse(path string, size int64) error {
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		return err
	}
	return os.Truncate(path, size)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("it takes root to give files to others")
	}
}

// TestObstacles: whatever has a file's name, it is told at once, and recognised as none of anybody's files.
func TestObstacles(t *testing.T) {
	s := &System{Root: t.TempDir()}
	for is, make := range obstacles {
		if err := make(s.Path("/" + is)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := s.File("/" + is)
		if !IsNotPlain(err) || !strings.Contains(err.Error(), is) {
			t.Errorf("%s: %v", is, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: it took %s", is, took)
		}
	}
	for _, is := range []string{"a FIFO", "a socket", "a folder"} {
		if err := s.Put(Text("/"+is, "text")); !IsNotPlain(err) {
			t.Errorf("%s is written to: %v", is, err)
		}
	}
}

// TestEndlessProcFile: a file that tells no size is bounded too.
func TestReadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 100), 0o644); err != nil {
		t.Fatal(err)
	}
	if content, err := Read(path, 100); err != nil || len(content) != 100 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if _, err := Read(path, 99); !IsNotPlain(err) {
		t.Errorf("a byte too many: %v", err)
	}
	if _, err := Read("/proc/self/maps", 10); !IsNotPlain(err) {
		t.Errorf("a file that tells no size: %v", err)
	}
}

// TestForeignLinks: a symbolic link that another user made leads nowhere, root's own do, at the end of a path and on
// its way.
func TestForeignLinks(t *testing.T) {
	needRoot(t)
	s := &System{Root: t.TempDir()}
	if err := s.Put(Text("/secret/file", "secret")); err != nil {
		t.Fatal(err)
	}
	for path, target := range map[string]string{"own": s.Path("/secret/file"), "relative": "secret/file",
		"way": s.Path("/secret")} {
		if err := os.Symlink(target, s.Path("/"+path)); err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"/own", "/relative", "/way/file"}
	for _, path := range paths {
		if file, err := s.File(path); err != nil || string(file.Content) != "secret" {
			t.Errorf("root's link %s: %q, %v", path, file.Content, err)
		}
	}
	for _, link := range []string{"own", "relative", "way"} {
		if err := os.Lchown(s.Path("/"+link), 1000, 1000); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range paths {
		if file, err := s.File(path); !errors.Is(err, unix.ELOOP) {
			t.Errorf("another user's link %s: %q, %v", path, file.Content, err)
		}
	}
	if err := s.Put(Text("/way/file", "overwritten")); !errors.Is(err, unix.ELOOP) {
		t.Errorf("it is written through another user's link: %v", err)
	}
	if text, err := os.ReadFile(s.Path("/secret/file")); err != nil || string(text) != "secret" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestLoops: links that lead to each other end.
func TestLoops(t *testing.T) {
	folder := t.TempDir()
	for name, target := range map[string]string{"a": "b", "b": "a", "c": "d/x", "d": "c"} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "c", "d/x"} {
		if _, err := Open(filepath.Join(folder, name)); !errors.Is(err, unix.ELOOP) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPutBack: what was read is put back byte for byte, with its owner, its mode, its attributes and its link.
func TestPutBack(t *testing.T) {
	needRoot(t)
	s := &System{Root: t.TempDir()}
	original := s.Path("/original")
	for _, err := range []error{
		os.WriteFile(original, []byte("no final newline \\"), 0o600), os.Chown(original, 1000, 1001),
		os.Chmod(original, 0o2640),
		unix.Setxattr(original, "user.note", []byte("mine"), 0), os.Symlink("original", s.Path("/link")),
		os.Symlink("nowhere", s.Path("/dangling")), os.Symlink("/dev/null", s.Path("/masked")),
	} {
		if err != nil && !errors.Is(err, unix.ENOTSUP) {
			t.Fatal(err)
		}
	}
	before := snapshot(t, s.Root)
	for _, path := range []string{"/original", "/link", "/dangling", "/masked", "/missing"} {
		was, err := s.File(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range []File{Text(path, "ours\n"), NoFile(path)} {
			if err := errors.Join(s.Put(now), s.Put(was)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if after := snapshot(t, s.Root); after != before {
				t.Errorf("%s is put back as\n%s\nand was\n%s", path, after, before)
			}
		}
	}
}

// snapshot is a folder as a witness of its own sees it.
func snapshot(t *testing.T, folder string) string {
	t.Helper()
	text, err := (&System{}).Run(10*time.Second, nil, "sh", "-c",
		`cd "$1" && find . -mindepth 1 -printf '%p %y %m %U:%G %l\n' | sort && `+
			`find . -type f | sort | xargs sha256sum; command -v getfattr >/dev/null && find . -type f | sort | xargs getfattr -d -m - || true`, "sh", folder)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestNullDevice: the device behind a name that hides another file is never replaced.
func TestNullDevice(t *testing.T) {
	s := &System{Root: t.TempDir()}
	if err := os.Symlink("/dev/null", s.Path("/masked")); err != nil {
		t.Fatal(err)
	}
	file, err := s.File("/masked")
	if err != nil || !file.Present || len(file.Content) != 0 || file.Link != "/dev/null" {
		t.Fatalf("%+v, %v", file, err)
	}
	file.Content = []byte("text")
	if err := s.Put(file); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Fatalf("/dev/null is %v, %v", info, err)
	}
}
