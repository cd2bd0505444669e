//go:build vm

package ansibletest

import (
	"testing"

	"hostnet.linux/internal/testhost"
)

// TestPlugin runs tasks over SSH to a Debian without Python, with the oldest and the newest Ansible.
func TestPlugin(t *testing.T) {
	artifact := Artifact(t)
	host := testhost.ForTest(t, testhost.Machine{Name: "target", NICs: []testhost.NIC{{}}})
	if output, err := host.Run(t.Context(), "command -v python3 python perl5"); err == nil {
		t.Fatalf("the target has %s", output)
	}
	for _, build := range editions {
		controller, err := build.build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Run(controller.Name, func(t *testing.T) {
			s := NewSession(t, controller, artifact, host)
			o := s.Play(t, `
- hosts: target
  gather_facts: false
  tasks:
    - hostnet.linux.dummy: {name: d0}
`)
			t.Logf("%+v", o)
		})
	}
}
