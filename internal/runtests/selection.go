package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// selected is what go test is asked to run: packages, and a pattern of test names or "" for all.
type selected struct {
	packages []string
	pattern  string
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)\w*)\(`)

// selection finds the tests of a tier. Those of the tagged tiers are named, so that the packages' other tests do not
// run, and count, again.
func selection(tier string) (selected, error) {
	if tier == "unit" {
		return selected{packages: []string{"./..."}}, nil
	}
	var names []string
	folders := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_"+tier+"_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range testFunction.FindAllSubmatch(text, -1) {
			if name := string(match[1]); name != "TestMain" {
				names = append(names, name)
				folders["./"+filepath.Dir(path)] = true
			}
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		return selected{}, err
	}
	slices.Sort(names)
	out := selected{pattern: "^(" + strings.Join(slices.Compact(names), "|") + ")$"}
	for folder := range folders {
		out.packages = append(out.packages, folder)
	}
	slices.Sort(out.packages)
	return out, nil
}
