package container

import (
	"testing"

	"hostnet.linux/internal/schema"
)

// TestHostNames: the usual name is OpenStack-Ansible's, every name fits, and one made unique is another each time.
func TestHostNames(t *testing.T) {
	for _, one := range []struct{ container, name, want string }{
		{"infra1_utility_container-a1b2c3d4", "eth1", "a1b2c3d4_eth1"},
		{"infra1_utility_container-a1b2c3d4", "eth10", "a1b2c3d4_eth10"},
		{"web", "eth0", "web_eth0"},
		{"one-container-a1", "eth1", "ainera1_eth1"},
		{"infra1_utility_container-a1b2c3d4", "management0", "3d4_management0"},
		{"infra1_utility_container-a1b2c3d4", "abcdefghijklmno", "abcdefghijklmno"},
	} {
		got := usualHostName(one.container, one.name)
		if got != one.want {
			t.Errorf("%s of %s is %s, want %s", one.name, one.container, got, one.want)
		}
		seen := map[string]bool{got: true}
		for attempt := range 50 {
			unique := uniqueHostName(one.container, one.name, attempt)
			if err := checkLinkName(unique); err != "" || seen[unique] {
				t.Errorf("%s of %s, made unique: %s %s", one.name, one.container, unique, err)
			}
			seen[unique] = true
		}
	}
}

func checkLinkName(name string) string {
	var problems schema.Problems
	schema.LinkName().Parse(name, schema.At("", &problems))
	if err := problems.Err(); err != nil {
		return err.Error()
	}
	return ""
}
