package job

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
)

// ask is the module's answer as Ansible reads it.
func ask(t *testing.T, folder string, arguments map[string]any, check bool) map[string]any {
	t.Helper()
	arguments[FolderKey] = folder
	var answer map[string]any
	if err := json.Unmarshal(Status(ansible.Call{Arguments: arguments, CheckMode: check}).Encode(false),
		&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestStatus(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"j1.1": `{"started": 1, "finished": false, "ansible_job_id": "j1.1"}`,
		"j2.2": `{"changed": true, "actions": []}`,
		"j3.3": `{"failed": true, "changed": false, "msg": "no such port"}`,
		"j4.4": `{"chan`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for jid, want := range map[string]map[string]any{
		"j1.1": {"finished": false, "started": true, "changed": false, "ansible_job_id": "j1.1"},
		"j2.2": {"finished": true, "changed": true, "ansible_job_id": "j2.2"},
		"j3.3": {"finished": true, "failed": true, "changed": false, "msg": "no such port"},
	} {
		got := ask(t, folder, map[string]any{"jid": jid}, false)
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s is %v, want %v", jid, key, got[key], value)
			}
		}
	}
	for jid, want := range map[string]string{"j4.4": "damaged", "j5.5": "there is no job j5.5",
		"../j1.1": "no identifier of a job", "": "must not be empty"} {
		if got := ask(t, folder, map[string]any{"jid": jid}, false); got["failed"] != true ||
			!strings.Contains(got["msg"].(string), want) {
			t.Errorf("%q: %v", jid, got)
		}
	}
	if got := ask(t, folder, map[string]any{"jidd": "j1.1"}, false); !strings.Contains(got["msg"].(string),
		`did you mean "jid"`) {
		t.Errorf("a wrong option: %v", got)
	}
}

func TestCleanup(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "j1.1")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ check, changed, left bool }{
		{true, true, true}, {false, true, false}, {false, false, false}} {
		got := ask(t, folder, map[string]any{"jid": "j1.1", "mode": "cleanup"}, one.check)
		_, err := os.Stat(path)
		if got["changed"] != one.changed || (err == nil) != one.left {
			t.Errorf("%+v: %v, the file: %v", one, got, err)
		}
	}
}
