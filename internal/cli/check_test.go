package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckFile: mistakes are told with their line, in kept files and in tasks of any module that declares something.
func TestCheckFile(t *testing.T) {
	for name, one := range map[string]struct {
		text string
		code int
		want []string
	}{
		"a kept file": {"bridges:\n  - name: br-a\n    mtu: 1400\n", 0, []string{"1 declaration without a mistake"}},
		"its value": {"bridges:\n  - name: br-a\n    mtu: 14O0\n    stpp: true\n", 1,
			[]string{":3: bridges[0].mtu: ", ":4: bridges[0].stpp: ", `did you mean "stp"`}},
		"its kind": {"brigdes:\n  - name: br-a\n", 1, []string{":1: brigdes: ", "bridges"}},
		"a playbook": {"- hosts: all\n  tasks:\n    - name: links\n      hostnet.linux.network:\n        vlans:\n    " +
			"      - {name: v, parent: e, id: 9000}\n", 1, []string{":6: vlans[0].id: "}},
		"a block": {
			"- block:\n    - hostnet.linux.bridge:\n        name: br-a\n        confirm: auto\n        mtu: much\n", 1,
			[]string{":5: mtu: "}},
		"a template": {"- hostnet.linux.bridge:\n    name: \"{{ item }}\"\n    mtu: \"{{ mtu }}\"\n    stp: 7x\n", 1,
			[]string{":4: stp: "}},
		"only templates": {"- hostnet.linux.vlan: {name: \"{{ a }}\", parent: \"{{ b }}\", id: \"{{ c }}\"}\n", 0,
			[]string{"1 declaration"}},
		"rules alike": {"rules:\n  - {from: 192.0.2.0/24, table: 100}\n  - {from: 192.0.2.0/24, table: 200}\n", 1,
			[]string{":3: rules[1]: matches the same as rules[0]: give them different priorities"}},
		"a multicast MAC": {"bridges:\n  - name: a\n    mac_address: 01:00:5e:00:00:01\n", 1,
			[]string{":3: bridges[0].mac_address: 01:00:5e:00:00:01 is a multicast MAC: use a unicast address"}},
		"an address twice": {"bridges:\n  - {name: a, addresses: [10.0.0.1/24]}\n  - {name: b, addresses: [10.0.0.1/24]}\n",
			1, []string{":3: bridges[1].addresses[0]: 10.0.0.1 is declared twice"}},
		"a module": {"- hostnet.linux.brigde: {name: a}\n- hostnet.linux.nothing_like_it:\n", 1,
			[]string{":1: there is no module hostnet.linux.brigde: did you mean hostnet.linux.bridge?",
				":2: there is no module hostnet.linux.nothing_like_it\n"}},
		"defaults": {"- hosts: all\n  module_defaults:\n    hostnet.linux.bridge: {mtu: 1400}\n" +
			"    group/hostnet.linux.network: {confirm: auto}\n", 0, []string{"0 declarations"}},
		"no YAML":         {"bridges:\n  - name: br-a\n   mtu: 1\n", 1, []string{":"}},
		"nothing of ours": {"- hosts: all\n  tasks: []\n", 0, []string{"0 declarations"}},
		"a text":          {"bridges\n", 1, []string{":1: this is neither"}},
		"an empty file":   {"", 0, []string{"0 declarations"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file.yml")
			if err := os.WriteFile(file, []byte(one.text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, said, complaint := ask(t, "check", file)
			if code != one.code || complaint != "" {
				t.Errorf("exit code %d, %s", code, complaint)
			}
			for _, want := range one.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing in:\n%s", want, said)
				}
			}
		})
	}
	if code, _, complaint := ask(t, "check", "/nowhere/file"); code != 2 || complaint == "" {
		t.Errorf("no file: exit code %d, %q", code, complaint)
	}
}

// FuzzCheckFile: no text makes the check end otherwise than with an answer.
func FuzzCheckFile(f *testing.F) {
	f.Add("bridges: [{name: a, ports: [b]}]")
	f.Add("- hostnet.linux.network: {config: 1, vlans: {}}")
	f.Add("- hostnet.linux.route: {to: default, via: [1]}")
	f.Fuzz(func(t *testing.T, text string) {
		_, mistakes := mistakesIn("file", []byte(text))
		for _, one := range mistakes {
			if one.Line < 0 || one.Message == "" {
				t.Errorf("%+v", one)
			}
		}
	})
}
