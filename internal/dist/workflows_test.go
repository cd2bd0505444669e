package dist

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// allowed are the commands of the workflows beside make: what it takes to have make and the sources.
var allowed = regexp.MustCompile(
	`^(apt-get update && apt-get install -y make git ca-certificates|git config --global --add safe\.directory .*)$`)

// TestWorkflowsOnlyCallMake: nothing happens elsewhere that the Makefile cannot do here.
func TestWorkflowsOnlyCallMake(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var workflow struct {
			Jobs map[string]struct {
				Strategy struct {
					Matrix struct{ Tier []string }
				}
				Steps []struct{ Run string }
			}
		}
		if err := yaml.Unmarshal(text, &workflow); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, job := range workflow.Jobs {
			for _, step := range job.Steps {
				target, isMake := strings.CutPrefix(step.Run, "make ")
				switch {
				case step.Run == "" || allowed.MatchString(step.Run):
				case !isMake:
					t.Errorf("%s: job %s runs %q", file, name, step.Run)
				case target == "${{ matrix.tier }}":
					for _, tier := range job.Strategy.Matrix.Tier {
						wantTarget(t, string(makefile), tier)
					}
				default:
					wantTarget(t, string(makefile), target)
				}
			}
		}
	}
}

func wantTarget(t *testing.T, makefile, target string) {
	t.Helper()
	if !strings.Contains(makefile, "\n"+target+": ") {
		t.Errorf("the Makefile has no target %s", target)
	}
}

// pinned are versions of programs in the sources, which nobody would renew by hand.
var pinned = regexp.MustCompile(`[\w./-]+(?:@v\d|==\d)[\d.]*`)

// TestRenovateKnowsVersions: each version that is written down is one that Renovate finds.
func TestRenovateKnowsVersions(t *testing.T) {
	text, err := os.ReadFile("../../renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		CustomManagers []struct{ MatchStrings []string }
	}
	if err := json.Unmarshal(text, &settings); err != nil || len(settings.CustomManagers) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	var known []*regexp.Regexp
	for _, manager := range settings.CustomManagers {
		for _, pattern := range manager.MatchStrings {
			known = append(known, regexp.MustCompile(pattern))
		}
	}
	found := 0
	err = filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "build"):
			if path != "../.." {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir() || strings.HasSuffix(path, "_test.go"),
			filepath.Ext(path) != ".go" && entry.Name() != "Makefile":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, version := range pinned.FindAllString(string(content), -1) {
			found++
			if !slices.ContainsFunc(known, func(one *regexp.Regexp) bool { return one.MatchString(version) }) {
				t.Errorf("%s: Renovate does not find %s", path, version)
			}
		}
		return nil
	})
	if err != nil || found < 6 {
		t.Errorf("%d versions: %v", found, err)
	}
}
