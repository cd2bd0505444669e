package manager

import (
	"strings"
	"testing"
)

// FuzzUnmanaged: the file that has NetworkManager leave a link alone names this link and no other, or the name is
// refused. It is read as NetworkManager.conf(5) and GLib's key files say.
func FuzzUnmanaged(f *testing.F) {
	for _, seed := range []string{"eth0", "eth0.10", "a*b", "!b", "a;b", "a,b", `a\`, `a\;b`, "=a", "-a", "a=b", "é",
		"a]b", "#a", "eth0;interface-name:*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkNames([]Claim{{Link: name, Manager: networkManager}}) != nil {
			return
		}
		file := unmanagedByNetworkManager(name)
		entries := parseKeyfile(string(file.Content))
		if len(entries) != 1 || entries[0].section != "keyfile" || entries[0].key != "unmanaged-devices+" {
			t.Fatalf("%q gives %+v", name, entries)
		}
		// A list's members end at a comma or a semicolon, a backslash takes the next character as it is, and = after the
		// colon means no pattern (NM_MATCH_SPEC in libnm-core).
		value := entries[0].value
		if strings.ContainsAny(value, `,;\`) || value != "interface-name:="+name {
			t.Errorf("%q is written as %q", name, value)
		}
		if strings.Contains(strings.TrimPrefix(file.Path, "/etc/NetworkManager/conf.d/"), "/") {
			t.Errorf("%q is written to %s", name, file.Path)
		}
	})
}
