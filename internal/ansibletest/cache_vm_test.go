//go:build vm

package ansibletest

import (
	"fmt"
	"strings"
	"testing"
)

const noop = `hostnet.linux.dummy: {name: d0, state: absent}`

// testUnsound puts things in the binary's place that must not be run: each is replaced in a second round trip.
func testUnsound(t *testing.T, l lab) {
	l.ok(t, noop)
	// evil is a program of the binary's very size that leaves a trace.
	l.host.MustRun(t, `cd `+rootCache+
		`/* && f=hostnet && printf '#!/bin/sh\nip link add evil type dummy\nexit\n' >/root/evil &&
truncate -s "$(stat -c %s "$f")" /root/evil && chmod 755 /root/evil`)
	for _, unsound := range []struct{ name, how string }{
		{"truncated", `truncate -s -1 "$f"`},
		{"empty", `: >"$f"`},
		{"not executable", `chmod 600 "$f"`},
		{"another user's", `cp /root/evil "$f"; chown operator "$f"`},
		{"another group may write", `cp /root/evil "$f"; chmod 770 "$f"`},
		{"others may write", `cp /root/evil "$f"; chmod 707 "$f"`},
		{"a link", `rm "$f"; ln -s /root/evil "$f"`},
		{"a folder", `rm "$f"; mkdir "$f"; cp /root/evil "$f"`},
		{"older than its folder, and another user's", `cp -p /root/evil "$f"; chown operator "$f"`},
		{"in a folder that others may write to", `cp /root/evil "$f"; chmod 707 .`},
		{"in a folder of another user's", `cp -p /root/evil "$f"; chown operator .`},
		{"in a folder that is a link",
			`cd ..; v=$(echo *); mv $v /root/elsewhere; ln -s /root/elsewhere $v; cp -p /root/evil $v/hostnet`},
		{"in a file, where its folder is to be", `cd ..; v=$(echo *); rm -r $v; cp -p /root/evil $v`},
		{"in another user's cache", `cp -p /root/evil "$f"; chown operator ..`},
	} {
		l.host.MustRun(t, `set -e; cd `+rootCache+`/*; f=hostnet; `+unsound.how)
		result, outcome := l.ok(t, noop)
		result.changed(t, false)
		if outcome.SSH != 2 {
			t.Errorf("%s: %d round trips", unsound.name, outcome.SSH)
		}
		if unsound.name == "in another user's cache" {
			// Not a place for root's programs: the next one is.
			l.intact(t, "/root/.cache/hostnet", "root", 1)
			continue
		}
		l.intact(t, rootCache, "root", 1)
		if t.Failed() {
			t.Fatalf("%s", unsound.name)
		}
	}
	// Another user may not steer root's chmod by a link in a folder that all may write to.
	l.host.MustRun(t,
		`chown operator /root/.cache; install -d -m 755 -o operator /opt/other; ln -s /opt/other /var/tmp/hostnet-0; ln -s /opt /tmp/hostnet-0`)
	result, _ := l.task(t, noop)
	if result.Status != "failed" ||
		!strings.Contains(result.Text("msg"), "/var/tmp/hostnet-0: not a folder that this user owns") {
		t.Errorf("%+v", result)
	}
	if modes := l.host.MustRun(t, "stat -c %a /opt /opt/other"); modes != "755\n755\n" {
		t.Errorf("modes are %q", modes)
	}
	// Whoever owns a folder above the program could put another one in its place between a look and the start.
	l.host.MustRun(t, "rm /var/tmp/hostnet-0 /tmp/hostnet-0; chown root "+rootCache+"; chown operator /var/cache")
	if _, outcome := l.ok(t, noop); outcome.SSH != 2 {
		t.Errorf("another user's .cache: %d round trips", outcome.SSH)
	}
	l.intact(t, "/var/tmp/hostnet-0", "root", 1)
	l.host.MustRun(t, "rm -r /var/tmp/hostnet-0; chown root /var/cache /root/.cache")
}

func testVersions(t *testing.T, l lab) {
	l.host.MustRun(t, `mkdir -p -m 700 `+rootCache+`; cd `+rootCache+
		`; for n in 1 2 3 4; do mkdir v$n.hostnet; touch -d "$n hours ago" v$n.hostnet; done
mkdir other.hostnet-lxc; touch -d "9 hours ago" other.hostnet-lxc; echo >.new.123; touch -d "9 hours ago" .new.123; echo >.new.124.bin`)
	l.ok(t, noop)
	left := l.host.MustRun(t, "ls -A "+rootCache)
	fields := strings.Fields(left)
	if len(fields) != 5 || !strings.Contains(left, ".new.124.bin") || !strings.Contains(left, "other.hostnet-lxc") ||
		!strings.Contains(left, "v1.hostnet") || !strings.Contains(left, "v2.hostnet") {
		t.Errorf(
			"want the current version, the newest two before, the other program's, and what another task may be storing: %q",
			fields)
	}
}

func testNoexec(t *testing.T, l lab) {
	mount := func(folder string) string {
		return fmt.Sprintf("mkdir -p %[1]s && mount -t tmpfs -o noexec,mode=1777 tmpfs %[1]s", folder)
	}
	l.host.MustRun(t, mount(rootCache))
	for _, want := range []int{2, 1} {
		if _, outcome := l.ok(t, noop); outcome.SSH != want {
			t.Errorf("%d round trips, want %d", outcome.SSH, want)
		}
	}
	l.intact(t, "/root/.cache/hostnet", "root", 1)
	l.host.MustRun(t, mount("/root/.cache")+"; chmod 700 /root/.cache; "+mount("/var/tmp")+"; "+mount("/tmp"))
	result, _ := l.task(t, noop)
	if result.Status != "failed" || !strings.Contains(result.Text("msg"), "/var/tmp/hostnet-0: ") ||
		!strings.Contains(result.Text("msg"), "Permission denied") {
		t.Errorf("%+v", result)
	}
	// Made noexec after the binary was stored.
	l.reset(t)
	l.ok(t, noop)
	l.host.MustRun(t, fmt.Sprintf("mount --bind %[1]s %[1]s && mount -o remount,bind,noexec %[1]s", rootCache))
	if _, outcome := l.ok(t, noop); outcome.SSH != 2 {
		t.Errorf("%d round trips after the folder became noexec", outcome.SSH)
	}
}

// testArchitectures is about what the target says of itself: a miss names it, and picks the binary.
func testArchitectures(t *testing.T, l lab) {
	pretend := func(kernel, machine string) string {
		l.host.MustRun(t, fmt.Sprintf("mkdir -p /opt/pretend; printf '%s' >/opt/pretend/arch; printf '#!/bin/sh\\necho "+
			"%s\\n' >/opt/pretend/uname; chmod 755 /opt/pretend/uname", kernel, machine))
		return noop + "\nenvironment: {PATH: '/opt/pretend:/usr/sbin:/usr/bin:/sbin:/bin'}"
	}
	pretend("", "")
	l.host.MustRun(t, "mount --bind /opt/pretend/arch /proc/sys/kernel/arch")
	result, outcome := l.task(t, pretend(`riscv64\n`, "x86_64"))
	if message := result.Text("msg"); result.Status != "failed" || !strings.Contains(message, "riscv64") ||
		!strings.Contains(message, "amd64, arm64") {
		t.Errorf("%+v", result)
	}
	if outcome.SSH != 1 {
		t.Errorf("%d round trips for a machine that there is no binary for", outcome.SSH)
	}
	// This machine cannot run the arm64 binary; what it says shows that it was sent, and whole.
	// A kernel before 6.1 does not say what it is, but uname does.
	result, outcome = l.task(t, pretend("", "aarch64"))
	if message := result.Text("msg"); result.Status != "failed" || !strings.Contains(message, "Exec format error") ||
		outcome.SSH != 2 {
		t.Errorf("%d round trips: %+v", outcome.SSH, result)
	}
	l.host.MustRun(t, "umount /proc/sys/kernel/arch")
	l.ok(t, noop)
}
