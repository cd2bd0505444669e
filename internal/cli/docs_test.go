package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/pattern"
)

var fenced = pattern.Of("(?ms)^```ya?ml\n(.*?)^```$")

// TestExamplesInDocs: every example in the documentation is free of mistakes, as `hostnet check` tells them.
func TestExamplesInDocs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	declarations := 0
	for _, file := range append(files, "../../README.md") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fenced().FindAllStringSubmatchIndex(string(content), -1) {
			text := string(content[block[2]:block[3]])
			if !strings.Contains(text, collection) {
				continue
			}
			checked, mistakes := mistakesIn(file, []byte(text))
			declarations += checked
			for _, one := range mistakes {
				one.Line += strings.Count(string(content[:block[2]]), "\n")
				t.Error(one)
			}
		}
	}
	if declarations < 10 {
		t.Errorf("only %d declarations were found in the documentation", declarations)
	}
}

var inDocs = pattern.Of("(?m)(?:`|^ {4,}(?:\\$ )?)(?:sudo )?hostnet ([a-z][a-z-]*)([^`\n#]*)")

var flagged = pattern.Of(`--([a-z][a-z-]*)`)

// TestCommandsInDocs: every command that the documentation names is one, and has the options that it is shown with.
func TestCommandsInDocs(t *testing.T) {
	t.Parallel()
	known := map[string][]string{"openstack": {"json", "write", "memory", "forget"}, "help": nil, "version": nil}
	for _, one := range commands() {
		for _, option := range one.options {
			known[one.name] = append(known[one.name], option.name)
		}
		if known[one.name] == nil {
			known[one.name] = []string{}
		}
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "../../README.md") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range inDocs().FindAllStringSubmatch(string(content), -1) {
			found++
			options, is := known[match[1]]
			if !is {
				t.Errorf("%s: there is no command %q", file, match[1])
			}
			for _, flag := range flagged().FindAllStringSubmatch(match[2], -1) {
				if !slices.Contains(options, flag[1]) {
					t.Errorf("%s: hostnet %s has no option --%s", file, match[1], flag[1])
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d commands were found in the documentation", found)
	}
}

var linked = pattern.Of(`\]\(([^)#\s]*)(?:#[^)\s]*)?\)`)

// TestPagesOfSite: every page is in the site's menu, and every link leads to a page or a file beside it. That what it is
// built of has no dead link inside pages either, mkdocs finds out in the lint tier.
func TestPagesOfSite(t *testing.T) {
	t.Parallel()
	menu, err := os.ReadFile("../../mkdocs.yml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, file := range files {
		if !strings.Contains(string(menu), ": "+filepath.Base(file)+"\n") {
			t.Errorf("%s is not in the menu", file)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range linked().FindAllStringSubmatch(string(content), -1) {
			target := match[1]
			if target == "" || target == "reference.md" || strings.HasPrefix(target, "https://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../../docs", target)); err != nil {
				t.Errorf("%s: a dead link: %s", file, target)
			}
		}
	}
}

// TestTroubleshooting: every message that the page explains is one that something of ours says.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	said := sources(t)
	rows := 0
	for line := range strings.Lines(string(page)) {
		parts := strings.SplitN(line, "`", 3)
		if !strings.HasPrefix(line, "| `") || len(parts) < 3 {
			continue
		}
		rows++
		for part := range strings.SplitSeq(parts[1], "…") {
			if !strings.Contains(said, strings.TrimSpace(part)) {
				t.Errorf("nothing says %q", parts[1])
			}
		}
	}
	if rows < 10 {
		t.Errorf("only %d messages were found", rows)
	}
}

// sources is the text of all that says something to a person.
func sources(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, folder := range []string{"../../internal", "../../plugins", "../../roles"} {
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") ||
				!slices.Contains([]string{".go", ".py", ".sh"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			out.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}
