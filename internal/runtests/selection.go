package main

import (
	"cmp"
	"io/fs"
	"maps"
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
	folders := map[string]int{} // with how many tests they have
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
				folders["./"+filepath.Dir(path)]++
			}
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		return selected{}, err
	}
	slices.Sort(names)
	out := selected{pattern: "^(" + strings.Join(slices.Compact(names), "|") + ")$"}
	// Those with most tests are begun first, so that none of them runs alone at the end.
	out.packages = slices.SortedFunc(maps.Keys(folders), func(a, b string) int {
		return cmp.Or(cmp.Compare(folders[b], folders[a]), cmp.Compare(a, b))
	})
	return out, nil
}
