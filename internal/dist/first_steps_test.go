package dist

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// firstSteps is the first page of the documentation, played in its order; its examples are beside it.
const firstSteps = `- name: First steps
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: In check mode
      ansible.builtin.include_tasks: {file: bridge.yml, apply: {check_mode: true, diff: true}}
    - name: Nothing was made
      ansible.builtin.assert: {that: "'br-first' not in lookup('ansible.builtin.pipe', 'ip -brief link')"}
    - name: The bridge
      ansible.builtin.include_tasks: bridge.yml
    - name: Once more
      ansible.builtin.include_tasks: bridge.yml
    - name: It is there
      ansible.builtin.assert: {that: "'192.0.2.1/24' in lookup('ansible.builtin.pipe', 'ip -brief address show dev br-first')"}
    - name: What the last change replaced
      ansible.builtin.include_tasks: rollback.yml
    - name: It is gone
      ansible.builtin.assert: {that: "'br-first' not in lookup('ansible.builtin.pipe', 'ip -brief link')"}
    - name: The bridge again
      ansible.builtin.include_tasks: bridge.yml
    - name: Undo it
      ansible.builtin.include_tasks: undo.yml
    - name: It is gone again
      ansible.builtin.assert: {that: "'br-first' not in lookup('ansible.builtin.pipe', 'ip -brief link')"}
`

// ownHost gives what follows folders of its own wherever the collection writes on a host.
const ownHost = `set -eu
mount -t tmpfs tmpfs /mnt
cp -r --preserve=mode,links /etc/. /mnt 2>/dev/null || :
mount --bind /mnt /etc
for folder in /run /usr/local /var; do mount -t tmpfs tmpfs $folder; done
mkdir /var/tmp /var/lib
`

// TestFirstSteps follows the first page of the documentation with the installed artifact, on a host that is this
// computer with a network and with folders of its own.
func TestFirstSteps(t *testing.T) {
	artifact := os.Getenv("HOSTNET_ARTIFACT")
	if artifact == "" {
		t.Skip("no artifact is named: the lint tier runs this test")
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"site.yml": firstSteps, "bridge.yml": blockOf(t, "index.md", "addresses:"),
		"rollback.yml": blockOf(t, "index.md", "hostnet.linux.rollback:"), "undo.yml": blockOf(t, "index.md", "state: absent"),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := ownHost + "ansible-galaxy collection install --offline -p . " + artifact + "\n" +
		"ansible-playbook --inventory localhost, site.yml"
	own := []string{"--net", "--mount", "--pid", "--fork", "--mount-proc"}
	if os.Geteuid() != 0 {
		own = append(own, "--map-root-user")
	}
	host := exec.CommandContext(t.Context(), "unshare", append(own, "sh", "-c", script)...)
	host.Dir = folder
	host.Env = append(os.Environ(), "ANSIBLE_COLLECTIONS_PATH="+folder, "ANSIBLE_HOME="+folder, "HOME="+folder)
	said, err := host.CombinedOutput()
	// Check mode, the bridge, its undoing, the bridge again and none again; once more the bridge is silent.
	if err != nil || !strings.Contains(string(said), " changed=5 ") {
		t.Errorf("%v\n%s", err, said)
	}
}
