package dist

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sections are what certified collections have, in this order
// (https://access.redhat.com/articles/7068606, "Ansible certified content README template").
var sections = []string{
	"Description", "Requirements", "Installation", "Use Cases", "Testing", "Support", "Release Notes and Roadmap", "Related Information",
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
	if _, after, _ := strings.Cut(string(text), "## Installation\n\n```console\n"); !strings.HasPrefix(after, "ansible-galaxy collection install hostnet.linux\n") {
		t.Error("the installation begins with Galaxy")
	}
}

// TestGalaxyInfo: what Galaxy and Automation Hub ask for.
func TestGalaxyInfo(t *testing.T) {
	collection, err := readInfo("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{
		"repository": collection.Repository, "documentation": collection.Documentation, "homepage": collection.Homepage, "issues": collection.Issues,
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
