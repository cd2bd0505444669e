package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDrawOfFiles draws hosts whose info is in files, and names the file that cannot be read.
func TestDrawOfFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	one := write("one.yml", "name: web1\nnetwork:\n  bridges: [{name: br0, ports: [eth0], addresses: [192.0.2.1/24]}]\n "+
		" interfaces: [{name: eth0}]\n")
	two := write("two.json",
		`{"name":"web2","topology":{"namespaces":[{"name":"x","links":[{"name":"eth9","state":"down"}]}]}}`)
	for _, test := range []struct {
		arguments []string
		code      int
		want      []string
	}{
		{[]string{"draw", "--host", one}, 0, []string{"br0 (bridge, up)  192.0.2.1/24", "└─ eth0 (card, up)"}},
		{[]string{"draw", "--host", one, "--host", two}, 0, []string{"web1:", "web2:", "eth9 (card, down)"}},
		{[]string{"draw", "--format", "svg", "--title", "Both", "--host", one, "--host", two}, 0,
			[]string{"<svg", "Both", "eth9", "192.0.2.1/24"}},
		{[]string{"draw", "--format", "dot", "--host", one}, 0, []string{"digraph network", "br0"}},
		{[]string{"draw", "--format", "mermaid", "--host", one}, 0, []string{"flowchart TB", "br0"}},
		{[]string{"draw", "--format", "png", "--host", one}, 2,
			[]string{`there is no format "png": use one of svg, dot, mermaid, text`}},
		{[]string{"draw", "--host", write("empty", "")}, 2, []string{"the file is empty"}},
		{[]string{"draw", "--host", write("noise", "{x: 1}")}, 2, []string{"there is neither a key topology nor network"}},
		{[]string{"draw", "--host", folder + "/none"}, 2, []string{"no such file"}},
		{[]string{"draw", "now"}, 2, []string{`draw takes no "now"`}},
	} {
		output, err := os.Create(filepath.Join(t.TempDir(), "output"))
		if err != nil {
			t.Fatal(err)
		}
		var complaints strings.Builder
		code := Run(test.arguments, output, &complaints)
		text, err := os.ReadFile(output.Name())
		if err != nil {
			t.Fatal(err)
		}
		_ = output.Close()
		if code != test.code {
			t.Errorf("%v: exit code %d, not %d: %s", test.arguments, code, test.code, complaints.String())
		}
		for _, want := range test.want {
			if !strings.Contains(string(text)+complaints.String(), want) {
				t.Errorf("%v: there is no %q in\n%s%s", test.arguments, want, text, complaints.String())
			}
		}
	}
}
