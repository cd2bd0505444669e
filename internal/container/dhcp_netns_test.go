//go:build netns

package container

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/probe"
)

// serve runs a DHCP server on a bridge of 10.20.0.1/24.
func serve(t *testing.T, bridge string) {
	t.Helper()
	if _, err := exec.LookPath("dnsmasq"); err != nil {
		t.Fatal("dnsmasq is missing: `make prepare` installs it")
	}
	lxctest.Must(t, "ip", "address", "add", "10.20.0.1/24", "dev", bridge)
	server := exec.Command("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface="+bridge,
		"--bind-interfaces",
		"--dhcp-range=10.20.0.10,10.20.0.50,2m", "--dhcp-option=6,10.20.0.1,10.20.0.2", "--domain=test.example", "--no-ping",
		"--user=root",
		"--dhcp-leasefile="+filepath.Join(t.TempDir(), "leases"), "--pid-file=")
	server.Stderr = t.Output()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
}

// until waits for what comes by itself.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !true(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in 15 s", what)
		}
	}
}

// TestDHCP: no client in the container works on the interface, which gets address, routes and name servers all the
// same.
func TestDHCP(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := lxctest.New(t, folder, "leased")
	pid := c.PID(t)
	leased := func() bool { return strings.Contains(c.Enter(t, "ip", "address", "show", "eth1"), " 10.20.0.") }
	resolver := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-d", "dhcp": true})
	if routes := c.Enter(t, "ip", "route"); !leased() ||
		!strings.Contains(routes, "default via 10.20.0.1 dev eth1 proto dhcp metric 1024") {
		t.Errorf("the address came: %t, routes %s", leased(), routes)
	}
	if text, _ := os.ReadFile(resolver); !strings.Contains(string(text),
		"search test.example\nnameserver 10.20.0.1\nnameserver 10.20.0.2\n") {
		t.Errorf("resolv.conf: %s", text)
	}
	if now := c.PID(t); now != pid {
		t.Errorf("init was %d and is %d", pid, now)
	}
	c.Ping(t, "10.20.0.1")
	if err := os.Remove(resolver); err != nil {
		t.Fatal(err)
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp_use_routes": false, "dhcp_use_dns": false})
	if routes := c.Enter(t, "ip", "route"); !leased() || strings.Contains(routes, "default") {
		t.Errorf("routes were refused: %s", routes)
	}
	if _, err := os.Stat(resolver); err == nil {
		t.Error("name servers were refused")
	}
	c.Restart(t)
	until(t, "a lease after a restart", leased)
	if again, err := task(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": true}, false); err != nil ||
		len(again.Steps) > 0 {
		t.Errorf("after a restart: %v %v", err, again)
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": false})
	if leased() || strings.Contains(c.Config(t), `"dhcp":true`) {
		t.Errorf("the address stays, or the record of it: %s", c.Config(t))
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": true, "mac_address": "00:16:3e:00:20:01"})
	apply(t, folder, args{"container": c.Name, "name": "eth1", "state": "absent"})
	noClients(t)
}

func noClients(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(lxctest.Must(t, "sh", "-c", "cat "+dhcp.Folder+
				"/*; ps ax -o pid,ppid,stat,args | grep -a '[d]hcp {\\|[l]xc monitor'"))
		}
	}()
	until(t, "the end of all clients", func() bool {
		left, _ := filepath.Glob(filepath.Join(dhcp.Folder, "*"))
		return len(left) == 0
	})
}

// TestHostileResolvConf: whatever a container's root has put in the place of its resolv.conf, the container gets its
// address, and nothing of the host's is opened, written to or waited for.
func TestHostileResolvConf(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := lxctest.New(t, folder, "linked")
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	forwarding := "/proc/sys/net/ipv4/conf/all/forwarding"
	before, _ := os.ReadFile(forwarding)
	attacks := map[string]func() error{
		"a link to the host's file": func() error { return os.Symlink(victim, path) },
		"a link out of its root":    func() error { return os.Symlink("../../../../../../../../.."+victim, path) },
		"a setting of the host's":   func() error { return os.Symlink(forwarding, path) },
		"a FIFO":                    func() error { return unix.Mkfifo(path, 0o666) },
		"a device":                  func() error { return unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))) },
		"a folder":                  func() error { return os.Mkdir(path, 0o755) },
	}
	for name, attack := range attacks {
		_ = os.RemoveAll(path)
		if err := attack(); errors.Is(err, unix.EPERM) {
			t.Logf("%s: not permitted here, so not tried", name)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		var is, was unix.Stat_t
		_ = unix.Lstat(path, &was)
		target, _ := os.Readlink(path)
		done := apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-d", "dhcp": true})
		if said := strings.Join(done.Warnings, "\n"); (target == "") != strings.Contains(said, "cannot write the name servers") {
			t.Errorf("%s: the task warns %q", name, said)
		}
		link, _ := os.Readlink(path)
		if err := unix.Lstat(path, &is); err != nil || was.Mode&unix.S_IFMT != unix.S_IFLNK &&
			(is.Ino != was.Ino || is.Mode != was.Mode) || link != "" {
			t.Errorf("%s: it was %+v and is %+v, %v", name, was, is, err)
		}
		if text, _ := os.ReadFile(victim); string(text) != "mine" {
			t.Errorf("%s: the host's file is %q", name, text)
		}
		if after, _ := os.ReadFile(forwarding); string(after) != string(before) {
			t.Errorf("%s: the host's setting was %q and is %q", name, before, after)
		}
		if !strings.Contains(c.Enter(t, "ip", "address", "show", "eth1"), " 10.20.0.") {
			t.Errorf("%s: it costs the container its address", name)
		}
		apply(t, folder, args{"container": c.Name, "name": "eth1", "state": "absent"})
		// A link gave way to a file, and is there again.
		if now, _ := os.Readlink(path); now != target {
			t.Errorf("%s: the link led to %q and leads to %q", name, target, now)
		}
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-d", "dhcp": true})
	// A container that is killed takes its client along, and with it the last that kept its interfaces.
	gone := c.Ends(t)
	if err := syscall.Kill(c.PID(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone()
	noClients(t)
}

// TestNoServer: an interface that gets no lease is not made.
func TestNoServer(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-n")
	c := lxctest.New(t, folder, "alone")
	before := snapshot(t, folder)
	machine := testMachine()
	machine.LeaseTime = time.Second
	_, wanted, err := ParseInterface(args{"container": c.Name, "name": "eth1", "bridge": "br-n", "dhcp": true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = machine.Apply(folder, wanted, false)
	if err == nil || !strings.Contains(err.Error(), "no DHCP server gave an address in 1s") ||
		!strings.Contains(err.Error(), "as they were") {
		t.Errorf("got %v", err)
	}
	wantSame(t, before, snapshot(t, folder))
	noClients(t)
}

// TestRenewal asks for a lease and then for more of it, as the client does after half of its time.
func TestRenewal(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := lxctest.New(t, folder, "renewing")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-d"})
	near := c.Links(t)["eth1"]
	hardware, err := net.ParseMAC(near.Address)
	if err != nil {
		t.Fatal(err)
	}
	client := clientIn(t, c.PID(t), near.Index, hardware)
	defer client.Close()
	first, err := client.Acquire(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c.Enter(t, "ip", "address", "add", first.Address.String(), "dev", "eth1")
	second, err := client.Renew(first)
	if err != nil || second.Address != first.Address || second.Remaining() != 2*time.Minute ||
		second.Router.String() != "10.20.0.1" {
		t.Errorf("renewed %+v to %+v: %v", first, second, err)
	}
}

// clientIn opens the client's socket in another process's network.
func clientIn(t *testing.T, pid, index int, hardware net.HardwareAddr) *probe.Client {
	t.Helper()
	opened := make(chan *probe.Client)
	go func() {
		// The thread ends with the goroutine, and nothing else runs on it.
		runtime.LockOSThread()
		var client *probe.Client
		namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
		if err == nil {
			// Left open, it would keep the namespace, and the host's end with it, until the next garbage collection.
			defer namespace.Close()
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			client, err = probe.NewClient(index, hardware, "renewing")
		}
		if err != nil {
			t.Error(err)
		}
		opened <- client
	}()
	client := <-opened
	if client == nil {
		t.FailNow()
	}
	return client
}
