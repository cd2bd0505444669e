package sysctl

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// FuzzFile: a setting of a link that is written is what we read back, and what sysctl itself reads where it is
// installed.
func FuzzFile(f *testing.F) {
	for _, seed := range [][2]string{
		{"br0", "br0"}, {"eth0.10", "nat"}, {"a.b.c", "x"}, {"a=b", "x"}, {"a*b", "x"}, {"#a", "x"}, {"-a", "x"}, {";a", "x"},
		{"a#b", "x"}, {"é", "x"}, {"a[b]", "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	program, _ := exec.LookPath("sysctl")
	f.Fuzz(func(t *testing.T, link, owner string) {
		if schema.CheckLinkName(link) != nil || owner == "" ||
			strings.ContainsFunc(owner, func(r rune) bool { return r <= ' ' || r == ';' || r > '~' }) {
			return
		}
		wanted := []entry{{"ipv4/conf/" + link + "/forwarding", "1", "0", []string{owner}},
			{"ipv4/ip_forward", "1", "", []string{owner}}}
		if !isWritable(wanted[0].key) {
			return
		}
		s := &system.System{Root: t.TempDir()}
		if err := s.Put(render(wanted)); err != nil {
			t.Fatal(err)
		}
		file, err := s.File(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(file); !reflect.DeepEqual(got, wanted) {
			t.Errorf("%q is read back as %+v", link, got)
		}
		if program == "" {
			return
		}
		// It tells what it would write, or that there is no such setting, by its own names: dots of a link's name are slashes
		// there.
		said, _ := exec.Command(program, "--dry-run", "--load="+filepath.Join(s.Root, path)).CombinedOutput()
		if !strings.Contains(string(said), "ip_forward = 1") {
			t.Errorf("sysctl reads %q as %s", file.Content, said)
		}
		known := "net.ipv4.conf." + strings.ReplaceAll(link, ".", "/") + ".forwarding"
		asPath := "/proc/sys/net/ipv4/conf/" + link + "/forwarding"
		if !strings.Contains(string(said), known) && !strings.Contains(string(said), asPath) &&
			!strings.Contains(string(said), "net/ipv4/conf/"+link+"/forwarding") {
			t.Errorf("sysctl does not read the setting of %q: %s", link, said)
		}
	})
}
