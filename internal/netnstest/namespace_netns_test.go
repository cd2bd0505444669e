//go:build netns

package netnstest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamespaceIsOursAlone(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("alive", func(t *testing.T) {
		first, second := New(t), New(t)
		name = first.Name
		first.IP(t, "link", "add", "name", "here", "type", "veth", "peer", "name", "there", "netns", second.Name)
		for _, c := range []struct {
			namespace *Namespace
			link      string
		}{{first, "here"}, {second, "there"}} {
			var links []struct {
				Name  string   `json:"ifname"`
				Flags []string `json:"flags"`
			}
			c.namespace.JSON(t, &links, "link", "show")
			if len(links) != 2 || links[0].Name != "lo" || links[1].Name != c.link {
				t.Errorf("links in %s: %v, want lo and %s", c.namespace.Name, links, c.link)
			}
		}
		if _, err := os.Stat("/sys/class/net/here"); err == nil {
			t.Error("the link is in the machine's own namespace")
		}
	})
	if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
		t.Errorf("namespace %s outlived its test", name)
	}
}

func TestDoSeesTheNamespacesSettings(t *testing.T) {
	t.Parallel()
	namespace := New(t)
	path := "/proc/sys/net/ipv4/ip_default_ttl"
	namespace.Do(t, func() {
		if err := os.WriteFile(path, []byte("77"), 0); err != nil {
			t.Fatal(err)
		}
	})
	if ttl := namespace.Exec(t, "cat", path); strings.TrimSpace(ttl) != "77" {
		t.Errorf("inside: ttl %q, want 77", ttl)
	}
	if ttl, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(ttl)) == "77" {
		t.Errorf("outside: ttl %q, %v: want another than 77", ttl, err)
	}
}

func TestNeedKind(t *testing.T) {
	t.Parallel()
	NeedKind(t, "bridge")
	NeedKind(t, "veth")
	if complaint := probe(t, "no-such-kind"); complaint == "" {
		t.Error("a kind that no kernel has was found")
	}
}
