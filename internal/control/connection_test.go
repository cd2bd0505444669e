package control

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.9 50022 192.0.2.1 22":           "192.0.2.9 192.0.2.1",
		"fd00::9 50022 fd00::1 22":               "fd00::9 fd00::1",
		"::ffff:192.0.2.9 1 ::ffff:192.0.2.1 22": "192.0.2.9 192.0.2.1",
		"fe80::9%eth0 1 fe80::1%eth0 22":         "fe80::9%eth0 fe80::1%eth0",
		"":                                       "", "192.0.2.9 50022": "", "a b c d": "", "192.0.2.9 50022 host 22": "",
	} {
		found, ok := parse(text)
		got := ""
		if ok {
			got = found.Controller.String() + " " + found.Host.String()
		}
		if got != want {
			t.Errorf("%q: want %q, got %q", text, want, got)
		}
	}
}

// TestOfProcess: sudo drops the variable, and the process before sudo still has it.
func TestOfProcess(t *testing.T) {
	t.Parallel()
	session := exec.Command("sleep", "60")
	session.Env = []string{"TERM=dumb", "SSH_CONNECTION=192.0.2.9 50022 192.0.2.1 22", "PATH=/usr/bin:/bin"}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Process.Kill()
		_ = session.Wait()
	})
	found, ok := ofProcess(session.Process.Pid)
	// The kernel notes where the variables are a moment after Start has returned (create_elf_tables in fs/binfmt_elf.c).
	for deadline := time.Now().Add(5 * time.Second); !ok && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		found, ok = ofProcess(session.Process.Pid)
	}
	if !ok || found.Controller != netip.MustParseAddr("192.0.2.9") || found.Host != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%+v, %t", found, ok)
	}
	without := exec.Command("sleep", "60")
	without.Env = []string{"SSH_CONNECTION_OF_ANOTHER=" + strings.Repeat("x", 9)}
	if err := without.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = without.Process.Kill()
		_ = without.Wait()
	})
	if found, ok := ofProcess(without.Process.Pid); ok {
		t.Errorf("%+v", found)
	}
	if _, ok := ofProcess(1 << 30); ok {
		t.Error("there is no such process")
	}
}
