package manager

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/system"
)

// TestObstacles: what is no file, or a huge one, in the folders of other programs neither hangs nor fails a task that
// is about other links, and a task that takes nothing over writes nothing.
func TestObstacles(t *testing.T) {
	s := host(t, []string{Networkd, networkManagerService}, map[string]string{
		"/usr/sbin/ifup":          "",
		"/etc/network/interfaces": "source /etc/network/interfaces.d/*\nauto eth1\niface eth1 inet dhcp \\",
	})
	for _, folder := range []string{"/etc/network/interfaces.d", "/etc/systemd/network",
		"/run/NetworkManager/system-connections"} {
		folder = s.Path(folder)
		huge := filepath.Join(folder, "huge.network")
		for _, err := range []error{
			os.MkdirAll(folder, 0o755), unix.Mkfifo(filepath.Join(folder, "fifo.network"), 0o644),
			os.Mkdir(filepath.Join(folder, "folder.network"), 0o755),
			os.Symlink("/dev/zero", filepath.Join(folder, "device.network")), os.WriteFile(huge, nil, 0o644),
			os.Truncate(huge, 1<<30),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	began := time.Now()
	for _, takeover := range []bool{false, true} {
		plan, err := Plan(s, Request{Links: []Link{{Name: "br-a"}}, Takeover: takeover})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range plan.Files {
			if !takeover || strings.Contains(file, "/etc/network") {
				t.Errorf("takeover %t: %s is written", takeover, file)
			}
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestReleaseToTheByte: a takeover and its release leave the file as it was, whatever it was.
func TestReleaseToTheByte(t *testing.T) {
	s := host(t, nil, map[string]string{"/usr/sbin/ifup": ""})
	target := s.Path("/etc/elsewhere")
	for _, err := range []error{
		os.MkdirAll(s.Path("/etc/network"), 0o755),
		os.WriteFile(target, []byte("iface eth0 inet dhcp\nauto eth0 eth1"), 0o640), os.Chown(target, 3, 4),
		unix.Setxattr(target, "user.note", []byte("mine"), 0), os.Symlink("../elsewhere", s.Path(interfacesFile)),
	} {
		if err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.EPERM) {
			t.Fatal(err)
		}
	}
	before := state(t, target)
	carryOut(t, s, Request{Links: []Link{{Name: "eth0"}}, Takeover: true})
	if text, _ := os.ReadFile(target); !strings.Contains(string(text), "auto eth1\n") {
		t.Errorf("taken over: %s", text)
	}
	carryOut(t, s, Request{Release: []string{"eth0"}})
	if after := state(t, target); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	if link, err := os.Readlink(s.Path(interfacesFile)); err != nil || link != "../elsewhere" {
		t.Errorf("the link leads to %s, %v", link, err)
	}
}

// state is a file as stat and getfattr show it.
func state(t *testing.T, path string) string {
	t.Helper()
	said, err := (&system.System{}).Run(10*time.Second, nil, "sh", "-c",
		`stat -c '%a %u:%g %s' "$1"; sha256sum <"$1"; getfattr -d "$1" 2>&1 || true`, "sh", path)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// FuzzInterfaces: what is taken out of a file of ifupdown's comes back to the byte, and what is not asked for stays.
func FuzzInterfaces(f *testing.F) {
	for _, text := range []string{
		"", "auto eth0\niface eth0 inet dhcp\n", "auto eth0 eth1", "iface eth0 inet static \\\n\taddress 10.0.0.1",
		"auto eth0 \\", "# about \\\niface eth0 inet dhcp",
		"auto eth0 eth1 \\\n", "allow-hotplug eth0\r\niface eth0 inet6 auto\r\n",
		"iface br0 inet manual\n bridge_ports eth0 eth1\n\n\n", "\n\n", "mapping eth*\n script x",
	} {
		f.Add(text, "eth0")
	}
	f.Fuzz(func(t *testing.T, text, link string) {
		if strings.Contains(text, "#hostnet") || strings.ContainsAny(link, " \t\r\n()") || link == "" ||
			strings.ContainsFunc(link, func(r rune) bool { return r < '!' || r > '~' }) {
			return
		}
		if same := withoutLinks(text, nil); same != text {
			t.Errorf("without a link: %q became %q", text, same)
		}
		taken := withoutLinks(text, []string{link})
		if back, _ := restored(taken); back != text {
			t.Errorf("%q became %q and then %q", text, taken, back)
		}
		for _, part := range parseInterfaces(taken) {
			if part.sets(link) || part.starts(link) {
				t.Errorf("%s is still set up in %q", link, taken)
			}
		}
	})
}

// TestNamesThatArePatterns: a link whose name another program's files take for more than that name is not taken over.
func TestNamesThatArePatterns(t *testing.T) {
	for _, name := range []string{"a*b", "!b", "a;b", "a,b", "a)b", `a\`} {
		s := host(t, []string{Networkd, networkManagerService}, map[string]string{
			"/etc/systemd/network/10-all.network": "[Match]\nName=*\n[Network]\nDHCP=yes\n",
		})
		plan, err := Plan(s, Request{Links: []Link{{Name: name}}, Takeover: true})
		if err == nil || !strings.Contains(err.Error(), "have no way to write that name") {
			t.Errorf("%q: %v, %v", name, plan, err)
		}
	}
}
