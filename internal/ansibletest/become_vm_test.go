//go:build vm

package ansibletest

import (
	"strings"
	"testing"
)

func testBecome(t *testing.T, l lab) {
	const guardedCache = "/home/guarded/.cache/hostnet"
	l.ok(t, "hostnet.linux.network_info:", "-e", "ansible_user=guarded")
	l.intact(t, guardedCache, "guarded", 1)
	result, outcome := l.ok(t, "hostnet.linux.dummy: {name: d0}\nbecome: true", "-e", "ansible_user=operator")
	result.changed(t, true)
	if outcome.SSH != 2 {
		t.Errorf("cold, to root: %d round trips", outcome.SSH)
	}
	l.intact(t, rootCache, "root", 1)
	result, outcome = l.ok(t, "hostnet.linux.dummy: {name: d0}\nbecome: true", "-e", "ansible_user=guarded", "-e",
		"ansible_become_password=secret")
	result.changed(t, false)
	if outcome.SSH != 1 {
		t.Errorf("warm, to root with a password: %d round trips", outcome.SSH)
	}
	if result, _ := l.task(t, "hostnet.linux.dummy: {name: d0}\nbecome: true", "-e", "ansible_user=guarded", "-e",
		"ansible_become_password=wrong"); result.Status == "ok" {
		t.Errorf("a wrong password: %+v", result)
	}
	// One user without privileges becomes another, and root becomes one of them.
	for _, user := range []string{"operator", "root"} {
		result, _ = l.task(t, "hostnet.linux.dummy: {name: d1}\nbecome: true\nbecome_user: guarded", "-e",
			"ansible_user="+user)
		if result.Status != "failed" || !strings.Contains(result.Text("msg"), "root") {
			t.Errorf("%s as guarded: %+v", user, result)
		}
	}
	// Root's program is for every user, who keeps none then; but not where others could have put it.
	l.host.MustRun(t, "[ -z \"$(ls "+guardedCache+")\" ]")
	l.host.MustRun(t, "chmod 777 "+rootCache)
	if _, outcome := l.ok(t, "hostnet.linux.network_info:", "-e", "ansible_user=guarded"); outcome.SSH != 2 {
		t.Errorf("a folder that all may write to: %d round trips", outcome.SSH)
	}
	l.intact(t, guardedCache, "guarded", 1)
	l.host.MustRun(t, "chmod 755 "+rootCache)
	result, _ = l.ok(t, "hostnet.linux.dummy: {name: d2}\nbecome: true\nbecome_method: su", "-e", "ansible_user=root")
	result.changed(t, true)
}

// testRequireTerminal is about sudo's requiretty: standard input cannot be used then, so files are.
func testRequireTerminal(t *testing.T, l lab) {
	const task = "hostnet.linux.dummy: {name: d0}\nbecome: true"
	result, _ := l.ok(t, task, "-e", "ansible_user=terse")
	result.changed(t, true)
	l.intact(t, rootCache, "root", 1)
	result, _ = l.ok(t, task, "-e", "ansible_user=terse")
	result.changed(t, false)
	result, _ = l.ok(t, task+"\nasync: 60\npoll: 1", "-e", "ansible_user=terse")
	result.changed(t, false)
	// Files that one ordinary user leaves for another need ACLs, which this target has no tool for: Ansible says so.
	if result, _ := l.task(t, task+"\nbecome_user: guarded", "-e", "ansible_user=terse"); result.Status != "failed" ||
		!strings.Contains(result.Text("msg"), "permissions") {
		t.Errorf("as guarded: %+v", result)
	}
	if left := l.host.MustRun(t,
		"find /home/terse/.ansible/tmp /root/.ansible/tmp /var/tmp/ansible* /tmp/ansible* -type f "+
			"2>/dev/null || true"); left != "" {
		t.Errorf("files stay: %s", left)
	}
}
