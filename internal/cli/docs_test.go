package cli

import (
	"os"
	"path/filepath"
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
