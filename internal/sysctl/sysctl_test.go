package sysctl

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// values is a kernel's settings.
type values map[string]string

func (v values) Setting(path string) (string, error) {
	value, known := v[path]
	if !known {
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return value, nil
}

func (v values) SetSetting(path, value string) error {
	v[path] = value
	return nil
}

func apply(t *testing.T, k values, s *system.System, wanted []Setting, gone ...string) {
	t.Helper()
	for run := range 2 {
		current, err := Observe(k, s, wanted)
		if err != nil {
			t.Fatal(err)
		}
		steps := Plan(k, s, current, wanted, gone)
		plan.Order(steps)
		if run == 1 && len(steps) > 0 {
			t.Fatalf("a second run would %v", plan.Describe(steps))
		}
		if err := plan.Run(steps, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLastOwnerBringsTheOldValueBack(t *testing.T) {
	t.Parallel()
	k, s := values{"ipv4/ip_forward": "0", "ipv6/conf/eth0.10/accept_ra": "1"}, &system.System{Root: t.TempDir()}
	first := []Setting{{Key: "ipv4/ip_forward", Value: "1", Owner: "lxcbr0"},
		{Key: "ipv6/conf/eth0.10/accept_ra", Value: "2", Owner: "lxcbr0"}}
	second := []Setting{{Key: "ipv4/ip_forward", Value: "1", Owner: "lxcbr1"}}
	apply(t, k, s, first)
	apply(t, k, s, second)
	file, err := s.File(path)
	want := head + "# needed by lxcbr0 lxcbr1; was 0\nnet.ipv4.ip_forward = 1\n" +
		"# needed by lxcbr0; was 1\nnet/ipv6/conf/eth0.10/accept_ra = 2\n"
	if err != nil || string(file.Content) != want {
		t.Errorf("file: %s\nwant: %s", file.Content, want)
	}
	apply(t, k, s, nil, "lxcbr0")
	if k["ipv4/ip_forward"] != "1" || k["ipv6/conf/eth0.10/accept_ra"] != "1" {
		t.Errorf("with one owner left: %v", k)
	}
	apply(t, k, s, nil, "lxcbr1")
	if k["ipv4/ip_forward"] != "0" || s.Exists(path) {
		t.Errorf("with no owner left: %v", k)
	}
}

func TestAValueThatDriftedIsRepairedAndRestored(t *testing.T) {
	t.Parallel()
	k, s := values{"ipv4/ip_forward": "0"}, &system.System{Root: t.TempDir()}
	wanted := []Setting{{Key: "ipv4/ip_forward", Value: "1", Owner: "lxcbr0"}}
	before, err := Observe(k, s, wanted)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, k, s, wanted)
	k["ipv4/ip_forward"] = "0"
	apply(t, k, s, wanted)
	if k["ipv4/ip_forward"] != "1" {
		t.Error("the drift is not repaired")
	}
	if err := Restore(k, s, before); err != nil {
		t.Fatal(err)
	}
	if k["ipv4/ip_forward"] != "0" || s.Exists(path) {
		t.Errorf("not restored: %v", k)
	}
}

// TestRestoreSweeps: what a write that was cut short has left goes, also where the file itself is as it was.
func TestRestoreSweeps(t *testing.T) {
	t.Parallel()
	k, s := values{"ipv4/ip_forward": "0"}, &system.System{Root: t.TempDir()}
	folder, name := filepath.Split(path)
	if err := s.Put(system.Text(folder+"10-theirs.conf", "")); err != nil {
		t.Fatal(err)
	}
	before, err := Observe(k, s, []Setting{{Key: "ipv4/ip_forward", Value: "1", Owner: "lxcbr0"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(system.Text(folder+"."+name+".feff78863ee5b29c.hostnet", "half")); err != nil {
		t.Fatal(err)
	}
	if err := Restore(k, s, before); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(s.Path(folder)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestLinksThatNoFileCanName: a setting is made of a link whose name sysctl would take for a pattern, and no file holds
// it.
func TestLinksThatNoFileCanName(t *testing.T) {
	for _, link := range []string{"a*b", "a=b", "a[b]", `a\b`, "a{b,c}"} {
		key := "ipv4/conf/" + link + "/forwarding"
		k, s := values{key: "0", "ipv4/ip_forward": "0"}, &system.System{Root: t.TempDir()}
		apply(t, k, s, []Setting{{Key: key, Value: "1", Owner: "x"}, {Key: "ipv4/ip_forward", Value: "1", Owner: "x"}})
		file, err := s.File(path)
		if err != nil {
			t.Fatal(err)
		}
		if k[key] != "1" || len(parse(file)) != 1 || strings.Contains(string(file.Content), link) {
			t.Errorf("%s: %v, %s", link, k, file.Content)
		}
	}
}

// TestUnknownBefore: a setting that was not there before has the same owners after it was written.
func TestUnknownBefore(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	wanted := []entry{{"ipv4/ip_forward", "1", "", []string{"x", "y"}}}
	if err := s.Put(render(wanted)); err != nil {
		t.Fatal(err)
	}
	file, err := s.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := parse(file); len(got) != 1 || !slices.Equal(got[0].owners, wanted[0].owners) || got[0].before != "" {
		t.Errorf("%+v", got)
	}
}
