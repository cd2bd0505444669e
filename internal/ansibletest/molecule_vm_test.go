//go:build vm

package ansibletest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hostnet.linux/internal/pypi"
)

// lessOfTheCloud is enough of the scenario "openstack" to have every kind of host and network in it; all of it is `make
// demo-openstack`.
var lessOfTheCloud = []string{
	"HOSTNET_CLOUD_HOSTS=infra1,infra2,compute1", "HOSTNET_CLOUD_CONTAINERS=-(glance|cinder-api|galera|keystone)-",
}

// TestMolecule runs the scenarios: create, converge, idempotence, verify, destroy.
func TestMolecule(t *testing.T) {
	tools, err := pypi.Tools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	collections := t.TempDir()
	path := "PATH=" + tools + string(os.PathListSeparator) + os.Getenv("PATH")
	environment := append(os.Environ(), path, "ANSIBLE_COLLECTIONS_PATH="+collections, "ANSIBLE_HOME="+t.TempDir(),
		"ANSIBLE_DEPRECATION_WARNINGS=false")
	environment = append(environment, lessOfTheCloud...)
	run := func(t *testing.T, arguments ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), filepath.Join(tools, arguments[0]), arguments[1:]...)
		command.Dir, command.Env = filepath.Join("..", ".."), environment
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", arguments, err, output)
		}
	}
	run(t, "ansible-galaxy", "collection", "install", "--force", "-p", collections, Artifact(t))
	scenarios, err := filepath.Glob(filepath.Join("..", "..", "molecule", "*", "molecule.yml"))
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, scenario := range scenarios {
		name := filepath.Base(filepath.Dir(scenario))
		t.Run(name, func(t *testing.T) { run(t, "molecule", "test", "-s", name) })
	}
}
