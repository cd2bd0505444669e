package ansible

import (
	"bytes"
	"testing"
)

// FuzzReadCall: truncated or senseless arguments are an error, never a crash.
func FuzzReadCall(f *testing.F) {
	f.Add(
		[]byte(
			`{"_ansible_module_name": "hostnet.linux.bond", "_ansible_check_mode": true, "_ansible_diff": "yes", "name": "bond0"}`))
	f.Add([]byte(`{"_ansible_module_name": "hostnet.linux.bond", "name": "bo`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		call, err := ReadCall(bytes.NewReader(text), "hostnet")
		if err != nil {
			return
		}
		for key := range call.Arguments {
			if len(key) > 9 && key[:9] == "_ansible_" {
				t.Errorf("the module sees %s", key)
			}
		}
	})
}

// FuzzParseYAML: a file that a person has edited is a dictionary or an error.
func FuzzParseYAML(f *testing.F) {
	f.Add([]byte("bonds:\n  - name: bond0\n    ports: [eth0]\n"))
	f.Add([]byte("vlans: [{egress_qos_map: {1: 2}}]\n"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = ParseYAML(text) })
}
