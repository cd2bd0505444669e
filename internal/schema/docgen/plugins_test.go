package docgen

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPluginReference: every role with each of its variables, and every plugin beside the modules, is on the page.
func TestPluginReference(t *testing.T) {
	const root = "../../.."
	page, err := PluginReference(root)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := filepath.Glob(filepath.Join(root, "roles", "*"))
	if err != nil || len(roles) < 4 {
		t.Fatalf("%v: %v", roles, err)
	}
	variable := regexp.MustCompile(`(?m)^([a-z]\w*):`)
	for _, role := range roles {
		if !strings.Contains("\n"+page, "\n## Role "+filepath.Base(role)+"\n") {
			t.Errorf("there is no role %s", filepath.Base(role))
		}
		defaults, err := os.ReadFile(filepath.Join(role, "defaults", "main.yml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range variable.FindAllStringSubmatch(string(defaults), -1) {
			if !strings.Contains(page, "\n| `"+match[1]+"` | ") {
				t.Errorf("%s: no variable %s", role, match[1])
			}
		}
	}
	for _, kind := range []string{"filter", "lookup", "inventory"} {
		plugins, err := filepath.Glob(filepath.Join(root, "plugins", kind, "*.py"))
		if err != nil || len(plugins) == 0 {
			t.Fatalf("%s: %v: %v", kind, plugins, err)
		}
		for _, plugin := range plugins {
			title := strings.ToUpper(kind[:1]) + kind[1:] + " " + strings.TrimSuffix(filepath.Base(plugin), ".py")
			_, section, found := strings.Cut(page, "\n## "+title+"\n")
			section, _, _ = strings.Cut(section, "\n## ")
			if !found || !strings.Contains(section, "\n| `") || !strings.Contains(section, "```yaml\n") {
				t.Errorf("%s: its section lacks options or examples:\n%s", title, section)
			}
		}
	}
	if regexp.MustCompile(`\b[MOVCP]\([a-z]`).MatchString(page) {
		t.Errorf("Ansible's markup is left: %s", page)
	}
}
