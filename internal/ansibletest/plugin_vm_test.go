//go:build vm

package ansibletest

import (
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/dist"
	"hostnet.linux/internal/testhost"
)

// lab is one controller and the target, which all tests share.
type lab struct {
	*Session
	host *testhost.Host
}

// TestPlugin runs tasks over SSH to a Debian without Python, with the oldest and the newest Ansible.
func TestPlugin(t *testing.T) {
	artifact := Artifact(t)
	host := testhost.ForTest(t, testhost.Machine{Name: "target", NICs: []testhost.NIC{{}}})
	if found, err := host.Run(t.Context(), "command -v python3 python"); err == nil {
		t.Fatalf("the target has Python: %s", found)
	}
	prepare(t, host)
	for i, edition := range editions {
		controller, err := edition.build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Run(controller.Name, func(t *testing.T) {
			l := lab{NewSession(t, controller, artifact, host), host}
			tests := both
			if i == len(editions)-1 {
				tests = append(tests, targets...)
			}
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					l.reset(t)
					test.run(t, l)
				})
			}
		})
	}
}

type labTest struct {
	name string
	run  func(*testing.T, lab)
}

// both depend on the controller.
var both = []labTest{
	{"round trips", testRoundTrips}, {"check mode and diff", testCheckMode}, {"failures", testFailures},
	{"environment", testEnvironment}, {"async", testAsync}, {"no_log", testNoLog}, {"large arguments", testLargeArguments},
	{"become", testBecome}, {"become without a terminal refused", testRequireTerminal},
	{"plain binary module", testPlainModule}, {"documentation", testDocumentation}, {"role", testRole},
}

// targets are about what runs on the target, which is the same text from every controller.
var targets = []labTest{
	{"architectures", testArchitectures}, {"unsound binaries", testUnsound}, {"versions", testVersions},
	{"noexec", testNoexec}, {"removal", testRemoval},
}

// prepare makes the users: terse may use sudo with a terminal only, guarded with a password only.
func prepare(t *testing.T, host *testhost.Host) {
	host.MustRun(t, `set -e
for user in terse guarded; do
	useradd --create-home --password '*' --shell /bin/bash $user
	cp -r /root/.ssh /home/$user/ && chown -R $user: /home/$user/.ssh
done
echo guarded:secret | chpasswd
echo 'terse ALL=(ALL) NOPASSWD: ALL
Defaults:terse requiretty
guarded ALL=(ALL) ALL' >/etc/sudoers.d/tests
# A greeting before every answer, as some hosts have it.
sed -i '1i echo "Welcome to {this} host"' /home/terse/.bashrc`)
}

// reset leaves nothing of the test before.
func (l lab) reset(t *testing.T) {
	t.Helper()
	l.host.MustRun(t, `umount -q `+rootCache+` /root/.cache /var/tmp /tmp
rm -rf `+rootCache+` /root/.cache/hostnet /home/*/.cache/hostnet /var/tmp/hostnet-* /tmp/hostnet-* /run/evil
for link in $(ls /sys/class/net); do case $link in d[0-9]*) ip link delete "$link";; esac; done`)
}

// task runs one task, as root unless the arguments say otherwise.
func (l lab) task(t *testing.T, task string, arguments ...string) (Result, Outcome) {
	t.Helper()
	outcome := l.Play(t, "- hosts: target\n  gather_facts: false\n  tasks:\n    - "+
		strings.ReplaceAll(strings.TrimSpace(task), "\n", "\n      ")+"\n", arguments...)
	if len(outcome.Results) != 1 {
		t.Fatalf("want one result, got %+v\n%s", outcome.Results, outcome.Output)
	}
	return outcome.Results[0], outcome
}

// ok is task for one that must succeed.
func (l lab) ok(t *testing.T, task string, arguments ...string) (Result, Outcome) {
	t.Helper()
	result, outcome := l.task(t, task, arguments...)
	if result.Status != "ok" {
		t.Fatalf("%s: %v\n%s", result.Status, result.Values, outcome.Output)
	}
	return result, outcome
}

// changed fails the test unless the task succeeded and says so.
func (r Result) changed(t *testing.T, want bool) {
	t.Helper()
	if r.Status != "ok" || r.Values["changed"] != want {
		t.Errorf("want changed %t: %s %v", want, r.Status, r.Values)
	}
}

// link tells whether the target has a link, by iproute2.
func (l lab) link(t *testing.T, name string) bool {
	t.Helper()
	return strings.TrimSpace(l.host.MustRun(t, "ip -brief link show dev "+name+" 2>/dev/null || true")) != ""
}

// cached lists a folder of binaries: mode, owner and name of it, of each binary's folder and of each binary.
func (l lab) cached(t *testing.T, folder string) []string {
	t.Helper()
	return strings.Split(strings.TrimSpace(l.host.MustRun(t,
		"find "+folder+` -maxdepth 2 -printf '%m %u %P\n' | sort -k3`)), "\n")
}

// intact fails the test unless the folder holds exactly the named number of whole binaries and nothing else.
func (l lab) intact(t *testing.T, folder, user string, count int) {
	t.Helper()
	found := l.cached(t, folder)
	mode := "700"
	if folder == rootCache {
		mode = "755"
	}
	if len(found) != 2*count+1 || strings.TrimSpace(found[0]) != mode+" "+user {
		t.Errorf("%s: want mode %s, owner %s and %d binaries: %q", folder, mode, user, count, found)
	}
	for _, file := range found[1:] {
		if !strings.HasPrefix(file, mode+" "+user+" ") || !strings.HasSuffix(file, ".hostnet") &&
			!strings.HasSuffix(file, ".hostnet/hostnet") {
			t.Errorf("%s holds %q", folder, file)
		}
	}
	l.host.MustRun(t,
		fmt.Sprintf(`cd %s && for f in *; do [ "$(sha256sum <"$f/hostnet")" = "${f%%.hostnet}  -" ] || exit 1; done`, folder))
	if l.link(t, "evil") {
		t.Error("an unsound binary was run")
	}
}

// rootCache is for every user, in other than the users' own.
const rootCache = "/var/cache/hostnet"

func testRoundTrips(t *testing.T, l lab) {
	result, outcome := l.ok(t, `hostnet.linux.dummy: {name: d0, mtu: 1400}`)
	result.changed(t, true)
	if outcome.SSH != 2 {
		t.Errorf("cold: %d round trips", outcome.SSH)
	}
	if mtu := l.host.MustRun(t, "cat /sys/class/net/d0/mtu"); mtu != "1400\n" {
		t.Errorf("the MTU is %q", mtu)
	}
	l.intact(t, rootCache, "root", 1)
	result, outcome = l.ok(t, `hostnet.linux.dummy: {name: d0, mtu: 1400}`)
	result.changed(t, false)
	if outcome.SSH != 1 {
		t.Errorf("warm: %d round trips", outcome.SSH)
	}
}

func testCheckMode(t *testing.T, l lab) {
	predicted, _ := l.ok(t, `hostnet.linux.dummy: {name: d0, mtu: 1400}`, "--check", "--diff")
	predicted.changed(t, true)
	if l.link(t, "d0") {
		t.Fatal("check mode made the link")
	}
	diff, _ := predicted.Values["diff"].(map[string]any)
	if after := fmt.Sprint(diff["after"]); !strings.Contains(after, "d0") || !strings.Contains(after, "mtu: 1400") {
		t.Errorf("the difference shows %v", predicted.Values["diff"])
	}
	done, outcome := l.ok(t, `hostnet.linux.dummy: {name: d0, mtu: 1400}`, "--diff")
	if fmt.Sprint(done.Values["actions"]) != fmt.Sprint(predicted.Values["actions"]) {
		t.Errorf("predicted %v, done %v", predicted.Values["actions"], done.Values["actions"])
	}
	if !strings.Contains(outcome.Output, "+") || !strings.Contains(outcome.Output, "mtu: 1400") {
		t.Errorf("the operator sees no difference:\n%s", outcome.Output)
	}
	if again, _ := l.ok(t, `hostnet.linux.dummy: {name: d0, mtu: 1400}`); again.Values["diff"] != nil {
		t.Errorf("a difference that nobody asked for: %v", again.Values["diff"])
	}
}

func testFailures(t *testing.T, l lab) {
	result, outcome := l.task(t, `hostnet.linux.bond: {name: a-name-that-is-too-long, modus: fast, miimon: -1}`)
	if result.Status != "failed" || result.Text("changed") == "true" || !outcome.Failed {
		t.Errorf("%+v", result)
	}
	for _, want := range []string{"name", "modus", "miimon"} {
		if !strings.Contains(result.Text("msg"), want) || !strings.Contains(outcome.Output, want) {
			t.Errorf("nothing about %s: %s", want, outcome.Output)
		}
	}
	// Unreachable is not failed: the strategy treats them differently.
	for _, wrong := range []string{"ansible_port=1", "ansible_user=nobody"} {
		if result, _ := l.task(t, `hostnet.linux.network_info:`, "-e", wrong,
			"ANSIBLE_SSH_RETRIES=0"); result.Status != "unreachable" {
			t.Errorf("with %s: %+v", wrong, result)
		}
	}
}

func testEnvironment(t *testing.T, l lab) {
	l.host.MustRun(t, "install -d -o operator '/opt/a home'")
	l.ok(t, "hostnet.linux.network_info:\nenvironment: {HOME: /opt/a home}", "-e", "ansible_user=operator")
	l.intact(t, "'/opt/a home/.cache/hostnet'", "operator", 1)
	l.host.MustRun(t, "rm -r '/opt/a home'; ! [ -e "+rootCache+" ]")
}

func testAsync(t *testing.T, l lab) {
	for range 2 { // cold, then warm
		result, _ := l.ok(t, "hostnet.linux.dummy: {name: d0, mtu: 1400}\nasync: 60\npoll: 1")
		if result.Text("finished") != "true" || result.Values["actions"] == nil {
			t.Errorf("%+v", result)
		}
	}
	if result, _ := l.task(t, "hostnet.linux.dummy: {name: d0, mtu: -1}\nasync: 60\npoll: 1"); result.Status != "failed" ||
		!strings.Contains(result.Text("msg"), "mtu") {
		t.Errorf("%+v", result)
	}
	if left := l.host.MustRun(t, "find /root/.ansible_async -type f"); left != "" {
		t.Errorf("job files stay: %s", left)
	}
	started, _ := l.ok(t, "hostnet.linux.dummy: {name: d1}\nasync: 60\npoll: 0")
	if started.Text("started") != "1" || started.Text("finished") != "false" || started.Text("ansible_job_id") == "" {
		t.Errorf("%+v", started)
	}
	// The target has no Python, which Ansible's own async_status needs.
	ended, _ := l.ok(t, fmt.Sprintf("hostnet.linux.async_status: {jid: '%s'}\nregister: ended\nuntil: ended is finished\n"+
		"retries: 50\ndelay: 1", started.Text("ansible_job_id")))
	ended.changed(t, true)
	if ended.Values["actions"] == nil {
		t.Errorf("%+v", ended)
	}
	l.host.MustRun(t, fmt.Sprintf("grep -q '\"changed\":true' %[1]s && ! grep -q started %[1]s && "+
		"rm -r /root/.ansible_async", started.Text("results_file")))
	if !l.link(t, "d1") {
		t.Error("the background job made nothing")
	}
}

func testNoLog(t *testing.T, l lab) {
	for _, user := range []string{"root", "terse"} { // by standard input, and by files
		result, outcome := l.task(t,
			"hostnet.linux.dummy: {name: d0, mac_address: '{{ address }}'}\nbecome: true\nno_log: true", "-vvv",
			"-e", "ansible_user="+user, "-e", `{"address": "not a secret-mac"}`)
		if result.Status != "failed" || strings.Contains(outcome.Output, "secret-mac") ||
			strings.Contains(fmt.Sprint(result.Values), "secret-mac") {
			t.Errorf("%s: %+v\n%s", user, result, outcome.Output)
		}
	}
}

func testLargeArguments(t *testing.T, l lab) {
	padding := strings.Repeat("x", 1<<20)
	result, outcome := l.task(t, "hostnet.linux.dummy: {name: d0, mac_address: "+padding+"}")
	if result.Status != "failed" || !strings.Contains(result.Text("msg"), "mac_address") {
		t.Errorf("%.500v", result)
	}
	if outcome.SSH != 2 {
		t.Errorf("%d round trips", outcome.SSH)
	}
	var dummies strings.Builder
	for i := range 200 {
		fmt.Fprintf(&dummies, "{name: d%d, mtu: 1400},", i)
	}
	result, _ = l.ok(t, "hostnet.linux.network: {dummies: ["+dummies.String()+"]}", "--check")
	if actions, _ := result.Values["actions"].([]any); len(actions) < 200 {
		t.Errorf("%d actions", len(actions))
	}
}

func testPlainModule(t *testing.T, l lab) {
	binary := l.Read(t, "collections/ansible_collections/hostnet/linux/"+dist.Binaries+"/linux_amd64/hostnet")
	l.Write(t, "library/dummy", binary, 0o755)
	result, _ := l.ok(t, `dummy: {name: d0}`, "ANSIBLE_LIBRARY="+place("library"))
	result.changed(t, true)
	if !l.link(t, "d0") {
		t.Error("there is no d0")
	}
	// What a later Ansible may add must do no harm.
	l.host.MustRun(t, `cat >/root/arguments <<'END'
{"name": "d0", "_ansible_module_name": "hostnet.linux.dummy", "_ansible_from_the_future": {"a": [1, null]}, "_ansible_version": "3.0"}
END
`)
	if err := l.host.Write(t.Context(), strings.NewReader(binary), "/root/hostnet", 0o755); err != nil {
		t.Fatal(err)
	}
	if answer := l.host.MustRun(t, "/root/hostnet /root/arguments"); !strings.Contains(answer, `"changed":false`) {
		t.Errorf("with unknown keys: %s", answer)
	}
}
