package networkd_test

import (
	"path"
	"strings"
	"testing"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/schema"
)

// FuzzFiles: a link's name and a text that are declared are what systemd-networkd reads, or are refused. The files are
// read as systemd.syntax(7) and systemd.network(5) say.
func FuzzFiles(f *testing.F) {
	for _, seed := range [][2]string{
		{"eth0", "cubic"}, {"a*b", "cubic"}, {"!b", "bbr"}, {"a[bc]", "x"}, {"eth0.10", "reno\nName=*"}, {"eth0", `cubic\`},
		{"eth0", "#x"}, {"eth0", ";x"},
		{"a;b", "[Match]"}, {`a\`, "x"}, {"é", "x"}, {"-x", "x"}, {"=x", "x"}, {"eth0", " x"}, {"eth0", "x\r"},
		{"eth0", `"x"`}, {"a,b", "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		_, state, err := host.ParseNetwork(map[string]any{
			"dummies": []any{map[string]any{"name": name, "addresses": []any{"192.0.2.1/24"},
				"routes": []any{map[string]any{"to": "198.51.100.0/24", "via": "192.0.2.2", "congctl": text}}}}})
		if err != nil {
			return
		}
		var problems schema.Problems
		files := networkd.Files(state, func(string) string { return "" }, &problems)
		if len(problems) > 0 {
			return
		}
		if len(files) != 2 {
			t.Fatalf("%q makes %d files", name, len(files))
		}
		for _, file := range files {
			if path.Dir(file.Path)+"/" != networkd.Folder {
				t.Errorf("%q is written to %s", name, file.Path)
			}
			read := readUnit(t, string(file.Content))
			if strings.HasSuffix(file.Path, ".netdev") {
				expectValues(t, read, "NetDev.Name", name)
				expectValues(t, read, "NetDev.Kind", "dummy")
				continue
			}
			expectValues(t, read, "Match.Name", name)
			// A pattern is matched as by fnmatch, where these three and a first ! have a meaning.
			if strings.ContainsAny(name, "*?[ ") || strings.HasPrefix(name, "!") {
				t.Errorf("%q is a pattern", name)
			}
			expectValues(t, read, "Address.Address", "192.0.2.1/24")
			var algorithms []string
			if text != "" {
				algorithms = []string{text}
			}
			expectValues(t, read, "Route.TCPCongestionControlAlgorithm", algorithms...)
		}
	})
}

// readUnit reads a unit file: the values by section and key.
func readUnit(t *testing.T, text string) map[string][]string {
	t.Helper()
	read, section, joined := map[string][]string{}, "", ""
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.Trim(line, " \t\r")
		if joined == "" && (trimmed == "" || strings.ContainsAny(trimmed[:1], "#;")) {
			continue
		}
		if rest, continues := strings.CutSuffix(line, `\`); continues {
			joined += rest + " "
			continue
		}
		whole := strings.Trim(joined+line, " \t\r")
		joined = ""
		if strings.HasPrefix(whole, "[") && strings.HasSuffix(whole, "]") {
			section = whole[1 : len(whole)-1]
			continue
		}
		key, value, found := strings.Cut(whole, "=")
		if !found {
			t.Errorf("systemd does not understand %q", whole)
		}
		key = section + "." + strings.Trim(key, " \t")
		read[key] = append(read[key], strings.Trim(value, " \t"))
	}
	return read
}

func expectValues(t *testing.T, read map[string][]string, key string, want ...string) {
	t.Helper()
	if strings.Join(read[key], "\n") != strings.Join(want, "\n") || len(read[key]) != len(want) {
		t.Errorf("%s is %q, want %q", key, read[key], want)
	}
}
