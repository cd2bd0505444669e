//go:build netns

package dnsmasq

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/system"
)

func TestConflicts(t *testing.T) {
	t.Parallel()
	dnsmasq := func(arguments ...string) []string {
		return append([]string{"/usr/sbin/dnsmasq", "--no-daemon"}, arguments...)
	}
	own := []string{"--conf-file=/dev/null", "--bind-interfaces", "--except-interface=lo", "--interface=lxcbr0",
		"--listen-address", "10.0.3.1",
		"--dhcp-range", "10.0.3.2,10.0.3.254", "--dhcp-leasefile=/dev/null"}
	for name, c := range map[string]struct {
		command []string
		lxcNet  bool
		want    string
	}{
		"a stale one": {dnsmasq(own...), false, "stale dnsmasq that belongs to no service serves lxcbr0"},
		"lxc-net":     {dnsmasq(own...), true, "lxc-net serves lxcbr0 already"},
		"libvirt": {dnsmasq("--conf-file=ROOT/var/lib/libvirt/dnsmasq/default.conf"), false,
			"libvirt serves lxcbr0 already"},
		"Incus": {
			dnsmasq(append(own, "--pid-file=/dev/null", "--dhcp-hostsdir=/var/lib/incus/networks/lxcbr0")...), false,
			"Incus or LXD serves lxcbr0 already"},
		"port 53 everywhere": {dnsmasq("--conf-file=/dev/null", "--port=53", "--no-dhcp-interface=lxcbr0"), false,
			"port 53 on 0.0.0.0 is taken by dnsmasq (PID"},
		"port 53 on loopback": {dnsmasq("--conf-file=/dev/null", "--bind-interfaces", "--interface=lo"), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			config := "interface=lxcbr0\nbind-dynamic\ndhcp-range=10.0.3.2,10.0.3.9\ndhcp-leasefile=/dev/null\n"
			if err := s.system.Put(system.Text("/var/lib/libvirt/dnsmasq/default.conf", config)); err != nil {
				t.Fatal(err)
			}
			pid := s.background(t, c.command)
			if c.lxcNet {
				if err := s.system.Put(system.Text(lxcNetPID, fmt.Sprintln(pid))); err != nil {
					t.Fatal(err)
				}
			}
			s.host.Do(t, func() {
				current, err := Observe(s.system, []string{"lxcbr0"})
				if err != nil {
					t.Fatal(err)
				}
				_, err = Plan(s.system, current, []*Instance{lxcbr0(t, nil)})
				switch {
				case c.want == "" && err != nil:
					t.Errorf("refused: %v", err)
				case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("error %v, want %q", err, c.want)
				case c.want != "" && strings.Count(err.Error(), "\n") > 0:
					t.Errorf("more than one problem for one cause: %v", err)
				}
			})
		})
	}
}

// background runs a command on the host until the test ends, once it listens on a port of DNS or DHCP.
func (s *site) background(t *testing.T, command []string) int {
	t.Helper()
	var process *os.Process
	s.host.Do(t, func() {
		for i := range command {
			command[i] = strings.ReplaceAll(command[i], "ROOT", s.system.Root)
		}
		var err error
		process, err = os.StartProcess(command[0], command, &os.ProcAttr{Files: []*os.File{nil, nil, nil}})
		if err != nil {
			t.Fatal(err)
		}
		if err := waitFor(func() bool { found, _ := system.Listeners(53); return len(found) > 0 }); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		_ = process.Kill()
		_, _ = process.Wait()
	})
	return process.Pid
}

func TestTakeoverOfAStaleOneKeepsTheLeases(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pid := s.background(t, []string{"/usr/sbin/dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--bind-interfaces",
		"--except-interface=lo", "--no-ping",
		"--interface=lxcbr0", "--dhcp-range=10.0.3.2,10.0.3.254", "--dhcp-leasefile=ROOT" + LeaseFile("lxcbr0")})
	lease := s.lease(t, "00:16:3e:00:00:01", "web")
	go func() {
		// Whoever started it reaps it.
		process, _ := os.FindProcess(pid)
		_, _ = process.Wait()
	}()
	done := s.apply(t, lxcbr0(t, map[string]any{"takeover": true}))
	if !strings.HasPrefix(done[0], "take over dnsmasq of nobody") {
		t.Errorf("done: %q", done)
	}
	s.useAddress(t)
	if got := s.resolve(t, "web"); got != "["+lease.Address.Addr().String()+"]" {
		t.Errorf("web resolves to %s", got)
	}
}

// TestFalseDNSMasq: a process that is only called dnsmasq is not looked at, whatever its command line leads to.
func TestFalseDNSMasq(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	folder, err := os.MkdirTemp("", "hostnet-false-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	program, fifo := folder+"/dnsmasq", folder+"/fifo"
	shell, err := os.ReadFile("/bin/sh")
	for _, err := range []error{err, os.Chmod(folder, 0o755), os.WriteFile(program, shell, 0o755),
		syscall.Mkfifo(fifo, 0o666)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []uint32{0, 1000, 65534} {
		for _, config := range []string{fifo, "/dev/zero", "/dev/watchdog"} {
			s.host.Do(t, func() {
				command := exec.Command(program, "-c", "read line", "--interface=lxcbr0", "--conf-file="+config)
				command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
				input, err := command.StdinPipe()
				if err == nil {
					err = command.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = input.Close(); _ = command.Wait() }()
				began := time.Now()
				current, err := Observe(s.system, []string{"lxcbr0"})
				if err == nil {
					_, err = Plan(s.system, current, []*Instance{lxcbr0(t, nil)})
				}
				if took := time.Since(began); err != nil || took > 10*time.Second {
					t.Errorf("user %d with %s: %v in %s", user, config, err, took)
				}
			})
		}
	}
}
