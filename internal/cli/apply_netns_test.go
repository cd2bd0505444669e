//go:build netns

package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the program under test.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "hostnet-cli-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "hostnet")
	build := exec.Command("go", "build", "-o", binary, "hostnet.linux/modules")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// apart runs a shell script in namespaces of its own, with empty folders where the program keeps things.
func apart(t *testing.T, script string) string {
	t.Helper()
	const begin = `set -e
for folder in /etc /run /var/lib /usr/local/sbin /usr/local/bin /usr/local/share; do mount -t tmpfs tmpfs $folder; done
mkdir -p /etc/hostnet/bridges
printf 'bridges:\n  - name: br-a\n    addresses: [10.1.1.1/24]\n' >/etc/hostnet/bridges/br-a.yml
`
	command := exec.Command("unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", begin+script)
	command.Env = append(os.Environ(), "hostnet="+binary, "SHELL=/bin/sh", "SSH_CONNECTION=")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return string(output)
}

func contains(t *testing.T, said string, parts ...string) {
	t.Helper()
	rest := said
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%q is missing, or out of order, in:\n%s", part, said)
			return
		}
		rest = after
	}
}

// TestApplyConfirmed: what a person applies undoes itself unless it is confirmed, by a command or at the terminal.
func TestApplyConfirmed(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		script string
		parts  []string
	}{
		"not": {
			`$hostnet apply --confirm 5; ip -br link show br-a; sleep 7; ! ip -br link show br-a; ! $hostnet confirm`,
			[]string{"3 steps made, not final", "the change is made, and undoes itself in 5s: keep it with `hostnet confirm`",
				"br-a", "does not exist", "no change waits for its confirmation"},
		},
		"by command": {
			`$hostnet apply --confirm 5 && $hostnet confirm; sleep 6; $hostnet diff; ! $hostnet confirm`,
			[]string{"undoes itself in 5s", "kept: the change by hostnet apply", "the host is as declared", "no change waits"},
		},
		"at the terminal": {
			`echo | script -qec "$hostnet apply --confirm 5" /dev/null; sleep 6; $hostnet diff`,
			[]string{"Press Enter to keep it: kept: the change by", "the host is as declared"},
		},
		"nobody answers": {
			`sleep 8 | script -qec "! $hostnet apply --confirm 5" /dev/null; sleep 2; ! ip -br link show br-a`,
			[]string{"Press Enter to keep it: ", "no answer: the change undoes itself", "does not exist"},
		},
		"not needed": {
			`echo | script -qec "$hostnet apply" /dev/null; $hostnet diff`,
			[]string{"3 steps done: the host is as declared", "the host is as declared"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contains(t, apart(t, one.script), one.parts...)
		})
	}
}

// TestRollbackConfirmed: undoing the last change undoes itself, unless it is confirmed; then it is done, once.
func TestRollbackConfirmed(t *testing.T) {
	t.Parallel()
	const change = `printf '{"_ansible_module_name": "network", "confirm": "on", "nats": [{"name": "br-b", "subnets": ["10.2.2.0/24"]}],
"bridges": [{"name": "br-b", "ports": ["v0"], "mtu": 1400, "addresses": ["10.2.2.1/24"]}]}' >/run/task
ip link add v0 type veth peer name v1; $hostnet module </run/task >/dev/null; until $hostnet confirm 2>/dev/null; do sleep 0.1; done
`
	for name, one := range map[string]struct {
		script string
		parts  []string
	}{
		"not": {
			`$hostnet rollback --confirm 5; ! ip -br link show br-b; test -z "$(nft list ruleset)"; ! $hostnet rollback; sleep 7
ip address show br-b; nft list ruleset; cat /proc/sys/net/ipv4/ip_forward; ! $hostnet confirm; $hostnet rollback; ! ip -br link show br-b`,
			[]string{"kept: the change by hostnet.linux.network", "to be undone: the change by hostnet.linux.network",
				"the change is made, and undoes itself in 5s: keep it with `hostnet confirm`", "does not exist",
				"a change by hostnet rollback of",
				"is not final", "mtu 1400", "10.2.2.1/24", "10.2.2.0/24", "masquerade", "\n1\n",
				"no change waits for its confirmation", "undone: the change by hostnet.linux.network", "does not exist"},
		},
		"by command": {
			`$hostnet rollback --confirm 5 && $hostnet confirm; sleep 6; ! ip -br link show br-b; ! $hostnet confirm; ! $hostnet rollback`,
			[]string{"undoes itself in 5s", "kept: the change by hostnet rollback of", "does not exist", "no change waits",
				"there is no change to undo"},
		},
		"at the terminal": {
			`(echo y; sleep 1; echo) | script -qec "$hostnet rollback --confirm 5" /dev/null; ! ip -br link show br-b`,
			[]string{"Undo it? [y/N]", "kept: the change by hostnet rollback", "does not exist"},
		},
		"not needed": {
			`echo y | script -qec "$hostnet rollback" /dev/null; ! ip -br link show br-b`,
			[]string{"Undo it? [y/N] undone: the change by hostnet.linux.network", "does not exist"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contains(t, apart(t, change+one.script), one.parts...)
		})
	}
}

// TestHistory: every change is remembered with who made it; going back is shown before it is done, and can itself be
// undone.
func TestHistory(t *testing.T) {
	t.Parallel()
	said := apart(t, `export HOSTNET_NAMESPACE=
task() { printf '%s' "$1" | $hostnet module; echo; }
task '{"_ansible_module_name": "bridge", "name": "br-b", "mtu": 1400, "confirm": "off"}' >/dev/null
task '{"_ansible_module_name": "bridge", "name": "br-b", "mtu": 1400, "confirm": "off"}' >/dev/null
task '{"_ansible_module_name": "bridge", "name": "br-b", "mtu": 1300, "confirm": "off"}' >/dev/null
task '{"_ansible_module_name": "veth", "name": "v0", "peer": "v1", "confirm": "off"}' >/dev/null
$hostnet log; $hostnet log 2; ! $hostnet log 9
$hostnet rollback 1 --check; ip link show v0
$hostnet rollback 1; ! ip link show v0; ip link show br-b; cat /etc/hostnet/bridges/br-b.yml; ! ls /etc/hostnet/veths
ip link set br-b mtu 1350; task '{"_ansible_module_name": "rollback", "to": 3}'; ip link show v0; ip link show br-b; $hostnet log
! $hostnet rollback 77`)
	contains(t, said, "NUMBER", "1 ", "hostnet.linux.bridge", "2 ", "hostnet.linux.bridge", "3 ", "hostnet.linux.veth",
		"generation 2", "mtu: 1400 -> 1300",
		"generation 9 is not kept", "delete veth v", "v0@v1", "undone: the changes after generation 1", "does not exist",
		"mtu 1400", "mtu: 1400",
		`"changed":true`, `"generation":3`, "v0@v1", "mtu 1300", "hostnet rollback to 1", "hostnet rollback to 3",
		"generation 77 is not in the past")
	if strings.Contains(said, "that no option declares") {
		t.Errorf("steps are listed that may find nothing to do:\n%s", said)
	}
}

// TestRollbackOverABoot: what the kernel had is gone with its boot, so going back is declaring what was declared then.
func TestRollbackOverABoot(t *testing.T) {
	t.Parallel()
	const history = `export HOSTNET_NAMESPACE=
task() { printf '{"_ansible_module_name": "%s", "confirm": "off", "watch": false, %s}' "$1" "$2" | $hostnet module | grep -o '"changed":[a-z]*\|"msg":.*' | head -1; }
state() { for l in br-b v0 br-c; do ip -4 -o addr show dev $l; ip -o link show $l; done 2>/dev/null | sed 's/.*inet //; s/.* mtu //; s/ .*//'; ls /etc/hostnet/*/*.yml; echo; }
ip link add v0 type veth peer name w0; ip link set v0 up mtu 1450
task bridge '"name": "br-b", "addresses": ["10.1.0.1/24"]'
echo "at 1:"; state
task bridge '"name": "br-b", "mtu": 1400, "addresses": ["10.1.0.1/24", "10.1.0.2/24"]'
task veth '"name": "v0", "peer": "w0", "mtu": 1300, "addresses": ["10.2.0.1/24"]'
task bridge '"name": "br-c"'
boot() { sed -i 's/"boot":"[^"]*"/"boot":"another"/' /var/lib/hostnet/generations/*.json; for l in br-a br-b br-c v0; do ip link delete $l 2>/dev/null || true; done; ip link add v0 type veth peer name w0; ip link set v0 up mtu 1450; $hostnet boot >/dev/null; }
`
	said := apart(t, history+
		`boot; $hostnet rollback 1 --check; $hostnet rollback 1; echo "back at 1:"; state; $hostnet diff; $hostnet rollback 4; echo "forth:"; state
boot; $hostnet rollback 0; echo "back at 0:"; state; $hostnet diff; $hostnet log`)
	contains(t, said, "at 1:", "10.1.0.1/24\n1500\n1450", "br-b.yml", "delete bridge br-c",
		"remove address 10.1.0.2/24 on br-b", "undone: the changes after generation 1",
		"back at 1:\n10.1.0.1/24\n1500\n", "the host is as declared", "undone:", "forth:", "1400", "back at 0:",
		"the host is as declared", "hostnet rollback to 0")
	at, back := between(said, "\nat 1:\n", "\n\n"), between(said, "back at 1:\n", "\n\n")
	if at != back {
		t.Errorf("back at 1:\n%s\nthen:\n%s", back, at)
	}
	if zero := between(said, "back at 0:\n", "\n\n"); strings.Contains(zero, "br-b") ||
		strings.Contains(zero, "10.2.0.1") {
		t.Errorf("back at 0:\n%s", zero)
	}
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	part, _, _ := strings.Cut(rest, to)
	return part
}

// TestOutput: help for each command, colours at a terminal only, JSON on request, an exit code that tells of drift.
func TestOutput(t *testing.T) {
	t.Parallel()
	said := apart(t,
		`$hostnet --help; for command in show diff apply confirm rollback export log; do $hostnet $command --help; done
! $hostnet show more; ! $hostnet apply --confirm 2; ! $hostnet apply --confirm x; ! $hostnet rollback --confirm 2
! $hostnet diff; ! $hostnet diff --json; $hostnet apply --check; $hostnet apply --json; $hostnet show; $hostnet show --json; $hostnet export; $hostnet diff`)
	contains(t, said, "hostnet apply ", "Exit codes", "hostnet diff: what differs", "--confirm SECONDS",
		"hostnet export: ",
		`show takes no "more"`, "--confirm takes from 5 to 3600 seconds", `"x" is no value of --confirm`,
		"--confirm takes from 5 to 3600 seconds",
		"create bridge br-a", `"changed": true`, "create bridge br-a", `"actions"`, "LINK", "10.1.1.1/24", `"bridges": [`,
		"hostnet.linux.network:", "the host is as declared")
	if strings.Contains(said, "\x1b[") {
		t.Errorf("colours in a pipe: %q", said)
	}
	if said := apart(t, `script -qec "$hostnet apply --check" /dev/null`); !strings.Contains(said,
		"\x1b[1mbridge br-a\x1b[0m") {
		t.Errorf("no colours at a terminal: %q", said)
	}
	if said := apart(t, `script -qec "NO_COLOR=1 $hostnet apply --check" /dev/null`); strings.Contains(said, "\x1b[") {
		t.Errorf("colours in spite of NO_COLOR: %q", said)
	}
}

// TestOrdinaryUser may look, and is told to become root for the rest.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	said := apart(t, `cp $hostnet /run/hostnet; user="setpriv --reuid 65534 --clear-groups /run/hostnet"
$user show; $user export; ! $user diff; ! $user apply --check`)
	contains(t, said, "LINK", "hostnet.linux.network:", "this takes root: sudo hostnet diff",
		"this takes root: sudo hostnet apply --check")
}
