//go:build netns

package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// rpmArchitectures are the names that RPM has for Go's.
var rpmArchitectures = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// foldersOfDistribution are what the package filesystem has there where packages are RPMs.
var foldersOfDistribution = []string{
	"/usr/share/bash-completion/completions", "/usr/share/fish/vendor_completions.d", "/usr/share/licenses",
	"/usr/share/zsh/site-functions", "/etc/systemd/system/multi-user.target.wants",
}

// testRPM installs, upgrades and removes the command as an RPM in that root, whose shell runs the package's scripts. What
// RPM keeps of its own is in the database that the test removes.
func testRPM(t *testing.T, root, first, newer string) {
	t.Helper()
	for _, folder := range foldersOfDistribution {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, root)
	rpm := func(arguments ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "rpm", append([]string{
			// Debian's systemd is none that RPM knows of, and its plugins are about the host's own root.
			"--root", root, "--dbpath", "/var/lib/dpkg/rpm", "--noplugins",
		}, arguments...)...)
		said, err := command.CombinedOutput()
		if err != nil || strings.Contains(string(said), "scriptlet failed") {
			t.Fatalf("rpm %q: %v\n%s", arguments, err, said)
		}
		return string(said)
	}
	rpm("--install", "--nodeps", rpmIn(t, first))
	rpm("--verify", "--nodeps", "hostnet")
	files := rpm("--query", "--queryformat",
		`[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]`, "hostnet")
	for _, want := range []string{"/usr/sbin/hostnet", "hostnet.service", "hostnet.8.gz", "COPYING", "NOTICE", "_hostnet"} {
		if !strings.Contains(files, want+"\n") {
			t.Errorf("there is no %s:\n%s", want, files)
		}
	}
	for line := range strings.Lines(files) {
		mode, name := "-rw-r--r--", line[strings.LastIndex(line, " ")+1:len(line)-1]
		switch {
		case name == "/usr/sbin/hostnet":
			mode = "-rwxr-xr-x"
		case filepath.Base(name) == "hostnet" && !strings.Contains(name, "completions"):
			mode = "drwxr-xr-x"
		}
		if line != mode+" root:root "+name+"\n" {
			t.Errorf("%q is to be %s and root's", line, mode)
		}
	}
	if got := inRoot(t, root, "hostnet", "version"); got != "1.0.0\n" {
		t.Errorf("hostnet version: %q", got)
	}
	wants := filepath.Join(root, "/etc/systemd/system/multi-user.target.wants/hostnet.service")
	if err := os.Symlink("/usr/lib/systemd/system/hostnet.service", wants); err != nil {
		t.Fatal(err)
	}
	rpm("--upgrade", "--nodeps", rpmIn(t, newer))
	if got := rpm("--query", "hostnet"); !strings.HasPrefix(got, "hostnet-1.1.0~rc1-1.") {
		t.Errorf("after the upgrade: %q", got)
	}
	if _, err := os.Lstat(wants); err != nil {
		t.Errorf("the upgrade has disabled the service: %v", err)
	}
	rpm("--erase", "hostnet")
	if after := tree(t, root); after != before {
		t.Errorf("left behind: %s", difference(before, after))
	}
}

// rpmIn is the package for this computer's architecture.
func rpmIn(t *testing.T, folder string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*."+rpmArchitectures[runtime.GOARCH]+".rpm"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v: %v", found, err)
	}
	return found[0]
}
