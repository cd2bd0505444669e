package host

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/kernel/fake"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

var update = flag.Bool("update", false, "write the plans that the tests find to testdata")

// planCase is a folder of testdata/plan: a host, what is wanted of it, and the steps that lead there.
type planCase struct {
	folder         string
	cards          []string
	before, wanted map[string]any
}

func planCases(t *testing.T) map[string]planCase {
	t.Helper()
	folders, err := filepath.Glob("testdata/plan/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	cases := map[string]planCase{}
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "case.yml"))
		if err != nil {
			t.Fatal(err)
		}
		var content struct {
			Cards          []string
			Before, Wanted map[string]any
		}
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		cases[filepath.Base(folder)] = planCase{folder, content.Cards, content.Before, content.Wanted}
	}
	return cases
}

// host makes the case's host as it is before.
func (c planCase) host(t *testing.T) (*Host, *fake.Kernel) {
	t.Helper()
	k := fake.New(c.cards...)
	h := &Host{Kernel: k}
	if _, err := carryOut(t, h, c.before); err != nil {
		t.Fatalf("before: %v", err)
	}
	return h, k
}

// carryOut declares a network, makes it so, and returns the plan.
func carryOut(t *testing.T, h *Host, arguments map[string]any) (*Plan, error) {
	t.Helper()
	_, wanted, err := ParseNetwork(arguments)
	if err != nil {
		t.Fatal(err)
	}
	found, err := h.Plan(wanted)
	if err != nil {
		return nil, err
	}
	return found, h.Run(found, wanted)
}

// TestPlans compares the steps with the expected ones, carries them out, and sees that nothing is left to do.
func TestPlans(t *testing.T) {
	for name, one := range planCases(t) {
		t.Run(name, func(t *testing.T) {
			h, _ := one.host(t)
			found, err := carryOut(t, h, one.wanted)
			got := describe(found)
			if err != nil {
				got += fmt.Sprintf("error: %v\n", err)
			}
			golden := filepath.Join(one.folder, "steps.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("steps (-want +got; -update writes them):\n%s", diff)
			}
			if err != nil {
				return
			}
			again, err := carryOut(t, h, one.wanted)
			if err != nil || len(again.Steps) > 0 {
				t.Errorf("a second run: %v\n%s", err, describe(again))
			}
		})
	}
}

// TestRefusedWritesAreUndone lets the kernel refuse each write of each plan in turn: the host must be as it was.
func TestRefusedWritesAreUndone(t *testing.T) {
	for name, one := range planCases(t) {
		t.Run(name, func(t *testing.T) {
			for refused := 0; ; refused++ {
				h, k := one.host(t)
				before := k.String()
				_, wanted, err := ParseNetwork(one.wanted)
				if err != nil {
					t.Fatal(err)
				}
				found, err := h.Plan(wanted)
				if err != nil || len(found.Steps) == 0 {
					return
				}
				start, hit := k.Writes, false
				k.Refuse = func(number int) error {
					if number-start != refused {
						return nil
					}
					hit = true
					return errors.New("refused by the test")
				}
				err = h.Run(found, wanted)
				if !hit {
					return
				}
				if err == nil || !strings.Contains(err.Error(), "refused by the test") ||
					!strings.Contains(err.Error(), "the host is as it was") {
					t.Errorf("write %d: error %v", refused, err)
				}
				if diff := cmp.Diff(before, k.String()); diff != "" {
					t.Errorf("write %d refused: the host differs (-before +after):\n%s", refused, diff)
				}
			}
		})
	}
}

// describe is a line a step and a line a changed option.
func describe(found *Plan) string {
	if found == nil {
		return ""
	}
	var text strings.Builder
	for _, step := range found.Steps {
		fmt.Fprintf(&text, "%s %s", step.Action, step.Object)
		if step.Disruption != plan.None {
			fmt.Fprintf(&text, " (%s)", step.Disruption)
		}
		text.WriteString("\n")
		for _, change := range step.Changes {
			fmt.Fprintf(&text, "  %s: %v -> %v\n", change.Option, plainValue(change.Old), plainValue(change.New))
		}
	}
	for _, warning := range found.Warnings {
		fmt.Fprintf(&text, "warning: %s\n", warning)
	}
	return text.String()
}

func plainValue(value any) any {
	switch v := value.(type) {
	case nil:
		return "unset"
	case schema.Object:
		var parts []string
		for _, entry := range v {
			parts = append(parts, fmt.Sprintf("%s: %v", entry.Key, plainValue(entry.Value)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = fmt.Sprint(plainValue(one))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return value
}
