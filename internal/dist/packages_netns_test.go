//go:build netns

package dist

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hostnet.linux/internal/cache"
)

// TestPackages installs, upgrades and removes the command on a Debian, in a root of its own.
func TestPackages(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("chroot needs root")
	}
	bin := buildCommand(t)
	first, again, newer := t.TempDir(), t.TempDir(), t.TempDir()
	pack(t, bin, "1.0.0", first)
	pack(t, bin, "1.0.0", again)
	pack(t, bin, "1.1.0~rc1", newer)
	wantSame(t, first, again)
	wantNoComplaints(t, first)
	root := debian(t)
	before := tree(t, root)
	dpkg := func(arguments ...string) { inRoot(t, root, append([]string{"dpkg"}, arguments...)...) }
	dpkg("--install", into(t, root, first))
	wantInstalled(t, root)
	if got := inRoot(t, root, "hostnet", "version"); strings.TrimSpace(got) != "1.0.0" {
		t.Errorf("hostnet version: %q", got)
	}
	if got := inRoot(t, root, "bash", "-c", `. /usr/share/bash-completion/completions/hostnet
COMP_WORDS=(hostnet ap) COMP_CWORD=1; _hostnet; echo "${COMPREPLY[@]}"; COMP_WORDS=(hostnet apply --c) COMP_CWORD=2; _hostnet; echo "${COMPREPLY[@]}"`); got != "apply\n--check --confirm\n" {
		t.Errorf("completion: %q", got)
	}
	// What a task enables of the service goes with it, and what is declared stays.
	inRoot(t, root, "sh", "-c",
		"mkdir -p /etc/systemd/system/multi-user.target.wants /etc/hostnet; echo kept >/etc/hostnet/kept; "+
			"ln -s /usr/lib/systemd/system/hostnet.service /etc/systemd/system/multi-user.target.wants/")
	dpkg("--install", into(t, root, newer))
	if got := inRoot(t, root, "dpkg-query", "--show", "--showformat=${Version} ${Status}",
		"hostnet"); got != "1.1.0~rc1-1 install ok installed" {
		t.Errorf("after the upgrade: %q", got)
	}
	if _, err := os.Lstat(filepath.Join(root, "/etc/systemd/system/multi-user.target.wants/hostnet.service")); err != nil {
		t.Errorf("the upgrade has disabled the service: %v", err)
	}
	dpkg("--purge", "hostnet")
	if got, err := os.ReadFile(filepath.Join(root, "/etc/hostnet/kept")); err != nil || string(got) != "kept\n" {
		t.Errorf("what was declared: %q: %v", got, err)
	}
	inRoot(t, root, "sh", "-c",
		"rm -r /etc/hostnet /package.deb; rmdir /etc/systemd/system/multi-user.target.wants 2>/dev/null || true")
	if after := tree(t, root); after != before {
		t.Errorf("left behind: %s", difference(before, after))
	}
	testRPM(t, root, first, newer)
}

// buildCommand builds hostnet alone, for this computer's architecture.
func buildCommand(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	for _, architecture := range Architectures {
		output := filepath.Join(bin, "linux_"+architecture, "hostnet")
		if architecture != runtime.GOARCH {
			// What is in it does not matter to the package.
			if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(output, []byte(architecture), 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := programs[0].compile(t.Context(), "../..", architecture, "1.0.0", output); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// pack makes the packages of a collection of that version.
func pack(t *testing.T, bin, version, output string) {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"COPYING", NoticeFile, "CHANGELOG.md", "galaxy.yml"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "galaxy.yml" {
			collection, err := readInfo("../..")
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.Replace(text, []byte("\nversion: "+collection.Version+"\n"), []byte("\nversion: "+version+"\n"), 1)
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := WritePackages(t.Context(), root, bin, output); err != nil {
		t.Fatal(err)
	}
}

func wantSame(t *testing.T, one, other string) {
	t.Helper()
	files, err := releaseFiles(one)
	if err != nil || len(files) != len(Packagers)*len(Architectures) {
		t.Fatalf("%v: %v", files, err)
	}
	for _, name := range files {
		sum, _, err := hashFile(filepath.Join(one, name))
		if err != nil {
			t.Fatal(err)
		}
		if second, _, err := hashFile(filepath.Join(other, name)); err != nil || second != sum {
			t.Errorf("%s: two runs make two packages: %v", name, err)
		}
	}
}

// wantNoComplaints has Debian's own checker look at the package.
func wantNoComplaints(t *testing.T, folder string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*_"+runtime.GOARCH+".deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v: %v", found, err)
	}
	command := exec.CommandContext(t.Context(), "lintian", "--allow-root", "--fail-on", "error,warning", found[0])
	if said, err := command.CombinedOutput(); err != nil {
		t.Errorf("lintian: %v\n%s", err, said)
	}
}

// debian is a root file system that lasts as long as the test.
func debian(t *testing.T) string {
	t.Helper()
	base, err := cache.Folder(t.Context(), "packages", lxcRelease, func(ctx context.Context, folder string) error {
		command := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=essential", "--format=directory", lxcRelease,
			filepath.Join(folder, "root"))
		return runQuietly(command)
	})
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	root := filepath.Join(work, "root")
	if err := runQuietly(exec.CommandContext(t.Context(), "cp", "-a", "--reflink=auto", filepath.Join(base, "root"),
		root)); err != nil {
		t.Fatal(err)
	}
	return root
}

func runQuietly(command *exec.Cmd) error {
	said, err := command.CombinedOutput()
	if err != nil {
		return &exec.Error{Name: command.Path + ": " + string(said), Err: err}
	}
	return nil
}

// into copies the Debian package of this computer's architecture into the root.
func into(t *testing.T, root, folder string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*_"+runtime.GOARCH+".deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v: %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "package.deb"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "/package.deb"
}

func inRoot(t *testing.T, root string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "chroot", append([]string{root}, arguments...)...)
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"}
	var complaints bytes.Buffer
	command.Stderr = &complaints
	said, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", arguments, err, said, complaints.String())
	}
	return string(said)
}

func wantInstalled(t *testing.T, root string) {
	t.Helper()
	for _, path := range []string{
		"/usr/sbin/hostnet", "/usr/lib/systemd/system/hostnet.service", "/usr/share/bash-completion/completions/hostnet",
		"/usr/share/zsh/vendor-completions/_hostnet", "/usr/share/fish/vendor_completions.d/hostnet.fish",
		"/usr/share/man/man8/hostnet.8.gz", "/usr/share/doc/hostnet/copyright", "/usr/share/doc/hostnet/NOTICE",
	} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	page := exec.CommandContext(t.Context(), "gzip", "-dc", filepath.Join(root, "/usr/share/man/man8/hostnet.8.gz"))
	if text, err := page.Output(); err != nil || !bytes.Contains(text, []byte(`hostnet apply`)) ||
		bytes.Contains(text, []byte("{{")) {
		t.Errorf("the man page: %v: %s", err, text)
	}
}

// tree are the paths of a root without what dpkg writes down of its work.
func tree(t *testing.T, root string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "find", ".", "-path", "./var/lib/dpkg", "-prune", "-o", "-path",
		"./var/log", "-prune", "-o",
		"-path", "./var/cache", "-prune", "-o", "-print")
	command.Dir = root
	list, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(list)
}

// difference are the lines that only the second text has.
func difference(before, after string) string {
	var fresh []string
	for line := range strings.Lines(after) {
		if !strings.Contains("\n"+before, "\n"+line) {
			fresh = append(fresh, line)
		}
	}
	return strings.Join(fresh, "")
}
