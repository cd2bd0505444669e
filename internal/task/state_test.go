package task_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/modules/registry"
)

// callNetwork runs a task of network whose arguments are JSON.
func callNetwork(t *testing.T, text string) ansible.Result {
	t.Helper()
	call, err := ansible.ReadCall(strings.NewReader(text), "network")
	if err != nil {
		t.Fatal(err)
	}
	module, err := registry.Find("network")
	if err != nil {
		t.Fatal(err)
	}
	return module.Run(context.Background(), call)
}

const described = `"config": {
	"bonds": [{"name": "bond0", "mode": "active-backup", "ports": ["eth0", "eth1"]}],
	"vlans": [{"name": "bond0.10", "parent": "bond0", "id": "10"}],
	"bridges": {"name": "br-mgmt", "ports": ["bond0.10"], "addresses": ["192.0.2.1/24"]},
	"routes": [{"to": "198.51.100.0/24", "via": "192.0.2.254"}]}`

// TestRenderedAndParsed: the files that would be kept, and what is in them, on any machine and without a write.
func TestRenderedAndParsed(t *testing.T) {
	t.Parallel()
	result := callNetwork(t, `{"state": "rendered", `+described+`}`)
	if result.Err != nil || result.Changed {
		t.Fatalf("changed %t, %v", result.Changed, result.Err)
	}
	content, _ := json.Marshal(result.Values.Get("rendered"))
	var files []struct{ Path, Content string }
	if err := json.Unmarshal(content, &files); err != nil {
		t.Fatal(err)
	}
	var paths, all []string
	for _, file := range files {
		paths, all = append(paths, file.Path), append(all, file.Content)
		if _, err := os.Stat(file.Path); err == nil {
			t.Errorf("%s is there: nothing was to be written", file.Path)
		}
	}
	want := "/etc/hostnet/bonds/bond0.yml /etc/hostnet/bridges/br-mgmt.yml /etc/hostnet/routes/198.51.100.0-24.yml " +
		"/etc/hostnet/vlans/bond0.10.yml"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("files: %s, want %s", got, want)
	}
	for name, separator := range map[string]string{"one after the other": "", "as documents": "---\n"} {
		text, _ := json.Marshal(strings.Join(all, separator))
		read := callNetwork(t, `{"state": "parsed", "running_config": `+string(text)+`}`)
		if read.Err != nil {
			t.Fatalf("%s: %v", name, read.Err)
		}
		got, _ := json.Marshal(read.Values.Get("parsed"))
		wanted :=
			`{"bonds":[{"name":"bond0","mode":"active-backup","ports":["eth0","eth1"]}],"vlans":[{"name":"bond0.10","id":10,"parent":"bond0"}],` +
				`"bridges":[{"name":"br-mgmt","ports":["bond0.10"],"addresses":["192.0.2.1/24"]}],` +
				`"routes":[{"to":"198.51.100.0/24","via":"192.0.2.254"}]}`
		if !sameJSON(t, got, []byte(wanted)) {
			t.Errorf("%s: %s, want %s", name, got, wanted)
		}
		// What was parsed is rendered to the same files.
		if again := callNetwork(t, `{"state": "rendered", "config": `+string(got)+`}`); again.Err != nil ||
			!sameAs(t, again, "rendered", content) {
			t.Errorf("%s: rendered again: %v", name, again.Err)
		}
	}
	systemd := callNetwork(t, `{"state": "rendered", "persist": "networkd", `+described+`}`)
	text, _ := json.Marshal(systemd.Values.Get("rendered"))
	if systemd.Err != nil || !strings.Contains(string(text), `/etc/systemd/network/0-hostnet-bond0.netdev`) {
		t.Errorf("networkd: %v, %s", systemd.Err, text)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(x)
	other, _ := json.Marshal(y)
	return string(one) == string(other)
}

func sameAs(t *testing.T, result ansible.Result, key string, want []byte) bool {
	t.Helper()
	got, err := json.Marshal(result.Values.Get(key))
	if err != nil {
		t.Fatal(err)
	}
	return sameJSON(t, got, want)
}

// TestStatesAreChecked: what does not go together with a state, and mistakes in a text, are told with their place.
func TestStatesAreChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"state": "present"}`:                         "present and absent are states of a single object",
		`{"state": "overriden"}`:                       `did you mean "overridden"?`,
		`{"state": 5}`:                                 `state: unknown value "5" (one of: merged`,
		`{"state": "replaced", "replace": true}`:       "replace: state: replaced says already",
		`{"state": "overridden", "purge": true}`:       "purge: state: overridden says already",
		`{"state": "merged", "running_config": "x"}`:   "running_config: is for state: parsed alone",
		`{"running_config": "x"}`:                      "running_config: is for state: parsed alone",
		`{"state": "parsed"}`:                          "running_config: is the text of kept files",
		`{"state": "parsed", "running_config": 5}`:     "running_config: is the text of kept files",
		`{"state": "parsed", "running_config": "- a"}`: "running_config: cannot be read: it is no dictionary",
		`{"state": "parsed", "running_config": "bridges:\n- name: br0\n  mtu: 14O0"}`:               "running_config:3: mtu:",
		`{"state": "parsed", "running_config": "bridgse:\n- name: br0"}`:                            `did you mean "bridges"?`,
		`{"state": "parsed", "running_config": "bridges:\n- name: br0\n---\nbridges: {name: br0}"}`: "declared twice",
		`{"state": "parsed", "running_config": "a: [\u0000"}`: "running_config: " +
			"cannot be read",
		`{"state": "rendered", "bridges": [{"name": "br0", "mtu": "14O0"}]}`:             "bridges[0].mtu",
		`{"state": "rendered", "config": {"bridges": [{"name": "br0", "mtu": "14O0"}]}}`: "config.bridges[0].mtu",
		`{"state": "rendered", "lxc_bridges": [{}], "persist": "networkd"}`:              "use `persist: true`",
		`{"state": "overridden", "netns": "x"}`:                                          "nothing is kept with netns",
		`{"state": "deleted", "persist": "no"}`: "nothing is kept with netns or " +
			"persist: false",
		`{"config": {"state": "gathered"}, "state": "merged"}`: "config.state: state is given beside config",
	} {
		if result := callNetwork(t, text); result.Err == nil || !strings.Contains(result.Err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, result.Err, want)
		}
	}
}
