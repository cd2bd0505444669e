package dist

import (
	"os"
	"path/filepath"
	"regexp"
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
