//go:build vm

package ansibletest

import (
	"slices"
	"strings"
	"testing"

	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

func testDocumentation(t *testing.T, l lab) {
	list, err := l.Doc(t, "-l", "hostnet.linux")
	if err != nil || strings.Contains(strings.ToUpper(list), "WARNING") || strings.Contains(list, "UNDOCUMENTED") {
		t.Errorf("ansible-doc -l: %v\n%s", err, list)
	}
	var names []string
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		names = append(names, "hostnet.linux."+module.Name)
		if !strings.Contains(list, "hostnet.linux."+module.Name+" ") {
			t.Errorf("ansible-doc -l lacks %s:\n%s", module.Name, list)
		}
	}
	text, err := l.Doc(t, names...)
	if err != nil || strings.Contains(text, "WARNING") || strings.Contains(text, "ERROR") {
		t.Errorf("ansible-doc: %v\n%s", err, text)
	}
	if examples := strings.Count(text, "EXAMPLES:"); examples != len(names) {
		t.Errorf("%d of %d modules have examples", examples, len(names))
	}
}
