//go:build netns

package cli_test

import "testing"

// TestEdit: what a person writes is checked with file and line, planned, made and kept as it was written; what is wrong
// or not confirmed leaves the host as it was.
func TestEdit(t *testing.T) {
	t.Parallel()
	const begin = `export HOSTNET_NAMESPACE=; $hostnet apply >/dev/null; file=/etc/hostnet/bridges/br-a.yml
`
	for name, one := range map[string]struct {
		script string
		parts  []string
	}{
		"a comment and an option": {
			`EDITOR="sed -i 's/name: br-a/name: br-a # the first/; \$a\\    mtu: 1400'" $hostnet edit br-a; ip -br link show br-a >/dev/null
ip -o link show br-a; cat $file; $hostnet diff; $hostnet log | tail -1`,
			[]string{"change bridge br-a", "mtu: 1500 -> 1400", "done: the host is as declared", "mtu 1400",
				"name: br-a # the first\n", "mtu: 1400", "the host is as declared", "hostnet edit"},
		},
		"a comment alone": {
			`EDITOR="sed -i '1i# mine'" $hostnet edit br-a; head -1 $file`, []string{"# mine\n"},
		},
		"nothing": {`EDITOR=true $hostnet edit br-a`, []string{"nothing was changed"}},
		"a mistake": {
			`EDITOR="sed -i '\$a\\    mtu: 14O0'" $hostnet edit br-a || echo code $?; cat $file; ls /tmp/hostnet-*.yml 2>/dev/null || true`,
			[]string{"/etc/hostnet/bridges/br-a.yml:4: mtu: must be a whole number", "nothing was changed", "code 2",
				"10.1.1.1/24]\n"},
		},
		"what does not fit together": {
			`EDITOR="sed -i '\$a\\    ports: [eth9, eth9]'" $hostnet edit br-a || echo code $?`,
			[]string{"/etc/hostnet/bridges/br-a.yml:4: ports", "nothing was changed", "code 2"},
		},
		"no YAML": {
			`EDITOR="sed -i 's/name/ [/'" $hostnet edit br-a || echo code $?`,
			[]string{"br-a.yml", "cannot be read", "nothing was changed", "code 2"},
		},
		"the host lacks a port": {
			`EDITOR="sed -i '\$a\\    ports: [eth9]'" $hostnet edit br-a || echo code $?; cat $file`,
			[]string{"/etc/hostnet/bridges/br-a.yml:4: ports[0]", "eth9", "nothing was changed", "code 2", "10.1.1.1/24]\n"},
		},
		"taken out": {
			`EDITOR="sh -c 'echo >\$0'" $hostnet edit br-a; ! ip link show br-a 2>/dev/null; ls /etc/hostnet 2>/dev/null || echo none`,
			[]string{"delete bridge br-a", "none"},
		},
		"another name": {
			`EDITOR="sed -i 's/br-a/br-c/'" $hostnet edit br-a; ip -br link show br-c; ! ip link show br-a 2>/dev/null; $hostnet diff`,
			[]string{"create bridge br-c", "br-c", "the host is as declared"},
		},
		"not confirmed": {
			`EDITOR="sed -i '\$a\\    mtu: 1400'" $hostnet edit br-a --confirm 5; ip -o link show br-a; sleep 7; ip -o link show br-a; cat $file; $hostnet diff`,
			[]string{"undoes itself in", "mtu 1400", "mtu 1500", "10.1.1.1/24", "the host is as declared"},
		},
		"confirmed": {
			`EDITOR="sed -i '\$a\\    mtu: 1400 # low'" $hostnet edit br-a --confirm 5; $hostnet confirm; sleep 6; ip -o link show br-a; cat $file; $hostnet diff`,
			[]string{"undoes itself in", "kept: the change by hostnet edit", "mtu 1400", "mtu: 1400", "the host is as declared"},
		},
		"an editor that fails": {`EDITOR=false $hostnet edit br-a || echo code $?`,
			[]string{"the editor false: exit status 1: nothing was changed", "code 2"}},
		"no such name": {`$hostnet edit br-b || echo code $?`, []string{`did you mean "br-a"?`, "code 2"}},
		"two objects of a name": {
			`mkdir -p /etc/hostnet/nats; printf 'nats: [{name: br-a, subnets: [10.1.1.0/24]}]\n' >/etc/hostnet/nats/br-a.yml; EDITOR=true $hostnet edit br-a || echo code $?
EDITOR=true $hostnet edit "bridge br-a"`,
			[]string{"give its kind as well", "code 2", "nothing was changed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contains(t, apart(t, begin+"{ "+one.script+"\n} 2>&1"), one.parts...)
		})
	}
}
