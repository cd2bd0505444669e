package ansibletest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hostnet.linux/internal/dist"
	"hostnet.linux/internal/testhost"
)

// Session is one controller with the collection installed and one target in its inventory.
type Session struct {
	Controller Controller
	files      string // what the controller sees as playFolder
}

// Result is what a task returned.
type Result struct {
	Task    string
	Status  string         // ok, failed, unreachable or skipped
	Seconds float64        // from the task\'s start on this host to its result
	Values  map[string]any `json:"result"`
}

// Text is a value of the result as text, "" if there is none.
func (r Result) Text(key string) string {
	if value, found := r.Values[key]; found {
		return fmt.Sprint(value)
	}
	return ""
}

// Outcome is one run of a playbook.
type Outcome struct {
	Results []Result
	Output  string // what the operator sees
	SSH     int    // how often ssh was started
	Failed  bool
}

// built is the artifact, for all tests of a run.
var built struct {
	sync.Mutex
	name    string
	content []byte
}

// Artifact builds the collection from this checkout, as `make dist` does, and returns the file.
func Artifact(t testing.TB) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	folder := t.TempDir()
	if built.content == nil {
		build(t, folder)
	}
	artifact := filepath.Join(folder, built.name)
	if err := os.WriteFile(artifact, built.content, 0o644); err != nil {
		t.Fatal(err)
	}
	return artifact
}

func build(t testing.TB, folder string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(folder, "bin")
	if err := dist.Build(t.Context(), root, bin, t.Output()); err != nil {
		t.Fatal(err)
	}
	artifact, err := dist.Pack(root, bin, folder)
	if err != nil {
		t.Fatal(err)
	}
	if built.content, err = os.ReadFile(artifact); err != nil {
		t.Fatal(err)
	}
	built.name = filepath.Base(artifact)
}

// Target is where SSH leads to.
type Target interface {
	SSH() testhost.SSH
}

// NewSession installs the artifact on the controller as an operator does. The host is in the inventory as "target"; the
// variable ansible_user is root unless a play says otherwise.
func NewSession(t testing.TB, controller Controller, artifact string, host Target) *Session {
	t.Helper()
	s := &Session{Controller: controller, files: t.TempDir()}
	copyFile(t, artifact, s.path(filepath.Base(artifact)), 0o644)
	copyFile(t, host.SSH().KeyFile, s.path("key"), 0o600)
	for name, mode := range map[string]os.FileMode{"record.py": 0o644, "ssh.sh": 0o755} {
		content, err := controllerFiles.ReadFile("controller/" + name)
		if err != nil {
			t.Fatal(err)
		}
		s.Write(t, filepath.Join("controller", name), string(content), mode)
	}
	s.Write(t, "inventory",
		fmt.Sprintf("target ansible_host=%s ansible_port=%d ansible_user=root ansible_ssh_private_key_file=%s\n",
			host.SSH().Address, host.SSH().Port, place("key")), 0o644)
	output, err := s.command(t, nil, "galaxy", "collection", "install", "-p", place("collections"),
		place(filepath.Base(artifact))).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: ansible-galaxy collection install: %v\n%s", controller.Name, err, output)
	}
	return s
}

// Write makes a file that plays find in playFolder.
func (s *Session) Write(t testing.TB, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// Play runs a playbook, given as YAML. Arguments that look like NAME=VALUE are environment, others go to Ansible.
func (s *Session) Play(t testing.TB, playbook string, arguments ...string) Outcome {
	t.Helper()
	s.Write(t, "playbook.yml", playbook, 0o644)
	for _, log := range []string{"record", "ssh.log"} {
		s.Write(t, log, "", 0o644)
	}
	var environment, rest []string
	for _, argument := range arguments {
		if name, _, found := strings.Cut(argument, "="); found && name == strings.ToUpper(name) &&
			!strings.HasPrefix(name, "-") {
			environment = append(environment, argument)
		} else {
			rest = append(rest, argument)
		}
	}
	output, err := s.command(t, environment, "playbook",
		append([]string{"-i", place("inventory"), place("playbook.yml")}, rest...)...).CombinedOutput()
	return Outcome{
		Results: s.results(t), Output: string(output), Failed: err != nil,
		SSH: bytes.Count([]byte(s.Read(t, "ssh.log")), []byte("\n")),
	}
}

// Doc runs ansible-doc.
func (s *Session) Doc(t testing.TB, arguments ...string) (string, error) {
	t.Helper()
	output, err := s.command(t, nil, "doc", arguments...).CombinedOutput()
	return string(output), err
}

// Read is the content of a file in playFolder.
func (s *Session) Read(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(s.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func (s *Session) results(t testing.TB) []Result {
	t.Helper()
	var results []Result
	lines := bufio.NewReader(strings.NewReader(s.Read(t, "record")))
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return results
		}
		var one Result
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		results = append(results, one)
	}
}

func (s *Session) path(name string) string { return filepath.Join(s.files, name) }

func (s *Session) command(t testing.TB, environment []string, program string, arguments ...string) *exec.Cmd {
	common := []string{
		"ANSIBLE_COLLECTIONS_PATH=" + place("collections"), "ANSIBLE_COLLECTIONS_PATHS=" + place("collections"),
		"ANSIBLE_CALLBACK_PLUGINS=" + place("controller"), "ANSIBLE_CALLBACKS_ENABLED=record",
		"ANSIBLE_SSH_EXECUTABLE=" + place("controller/ssh.sh"), "ANSIBLE_HOST_KEY_CHECKING=false",
		"ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
		"ANSIBLE_NOCOLOR=true", "ANSIBLE_RETRY_FILES_ENABLED=false",
		"RECORD=" + place("record"), "SSH_LOG=" + place("ssh.log"),
	}
	return s.Controller.command(t.Context(), s.files, append(common, environment...), program, arguments...)
}

func copyFile(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
