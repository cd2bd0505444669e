package dist

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sections are what certified collections have, in this order
// (https://access.redhat.com/articles/7068606, "Ansible certified content README template").
var sections = []string{
	"Description", "Requirements", "Installation", "Use Cases", "Testing", "Support", "Release Notes and Roadmap",
	"Related Information",
	"License Information",
}

var (
	heading = regexp.MustCompile(`(?m)^## (.*)$`)
	target  = regexp.MustCompile(`\]\(([^)]*)\)`)
)

// TestReadme: Galaxy and Automation Hub show README.md away from the files beside it.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range heading.FindAllSubmatch(text, -1) {
		found = append(found, string(match[1]))
	}
	if !slices.Equal(found, sections) {
		t.Errorf("the sections are %q, want %q", found, sections)
	}
	for _, match := range target.FindAllSubmatch(text, -1) {
		if link := string(match[1]); !strings.HasPrefix(link, "https://") {
			t.Errorf("%s is a relative link", link)
		}
	}
	if strings.Index(string(text), "\nmake demo ") > strings.Index(string(text), "\nmake test ") {
		t.Error("make demo comes before make test")
	}
	if _, after, _ := strings.Cut(string(text), "## Installation\n\n```console\n"); !strings.HasPrefix(after,
		"ansible-galaxy collection install hostnet.linux\n") {
		t.Error("the installation begins with Galaxy")
	}
}

var added = regexp.MustCompile(`(?m)^version_added: "?([0-9.]+)"?$`)

// TestVersions: what is said to be new in a version is in that version or a later one, and the version is either
// released or has notes for its release.
func TestVersions(t *testing.T) {
	collection, err := readInfo("../..")
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := filepath.Glob("../../plugins/*/*.py")
	if err != nil || len(plugins) < 20 {
		t.Fatalf("%d plugins: %v", len(plugins), err)
	}
	for _, plugin := range plugins {
		text, err := os.ReadFile(plugin)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range added.FindAllStringSubmatch(string(text), -1) {
			if slices.Compare(numbersOf(t, match[1]), numbersOf(t, collection.Version)) > 0 {
				t.Errorf("%s: added in %s, and galaxy.yml has version %s", plugin, match[1], collection.Version)
			}
		}
	}
	released, err := os.ReadFile("../../changelogs/changelog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	fragments, err := filepath.Glob("../../changelogs/fragments/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(released), "\n  "+collection.Version+":") && len(fragments) == 0 {
		t.Errorf("version %s has neither a release in changelog.yaml nor fragments", collection.Version)
	}
}

// numbersOf are the numbers of a version such as 1.1.0.
func numbersOf(t *testing.T, version string) []int {
	t.Helper()
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		number, err := strconv.Atoi(part)
		if err != nil {
			t.Fatalf("%s is no version: %v", version, err)
		}
		out = append(out, number)
	}
	return out
}

// TestGalaxyInfo: what Galaxy and Automation Hub ask for.
func TestGalaxyInfo(t *testing.T) {
	collection, err := readInfo("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{
		"repository": collection.Repository, "documentation": collection.Documentation, "homepage": collection.Homepage,
		"issues": collection.Issues,
	} {
		if !strings.HasPrefix(address, "https://") {
			t.Errorf("%s is %q", name, address)
		}
	}
	// Automation Hub wants one of these tags (ansible-lint, rule galaxy).
	if !slices.Contains(collection.Tags, "linux") || !slices.Contains(collection.Tags, "networking") {
		t.Errorf("the tags are %q", collection.Tags)
	}
}
