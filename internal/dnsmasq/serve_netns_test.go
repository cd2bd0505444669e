//go:build netns

package dnsmasq

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// site is a host with a bridge and a client on it. The host has no systemd, and files of its own.
type site struct {
	host, client *netnstest.Namespace
	system       *system.System
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{netnstest.New(t), netnstest.New(t), &system.System{Root: t.TempDir()}}
	if s.system.Find("dnsmasq") == "" {
		netnstest.Skip(t, "dnsmasq is not installed")
	}
	// The user that dnsmasq becomes reads its files again on SIGHUP.
	if err := os.Chmod(filepath.Dir(s.system.Root), 0o755); err != nil {
		t.Fatal(err)
	}
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []system.File{system.Text("/etc/passwd", string(users)), system.Text("/var/lib/misc/keep", "")} {
		if err := s.system.Put(file); err != nil {
			t.Fatal(err)
		}
	}
	s.host.IP(t, "link", "add", "lxcbr0", "up", "type", "bridge")
	s.host.IP(t, "address", "add", "10.0.3.1/24", "dev", "lxcbr0")
	s.host.IP(t, "address", "add", "fd05::1/64", "dev", "lxcbr0", "nodad")
	s.host.IP(t, "link", "add", "c1", "up", "type", "veth", "peer", "name", "eth0", "netns", s.client.Name)
	s.host.IP(t, "link", "set", "c1", "master", "lxcbr0")
	s.client.IP(t, "link", "set", "eth0", "up")
	t.Cleanup(func() { s.host.Do(t, func() { _ = stopDirectly(s.system, "lxcbr0") }) })
	return s
}

func parse(t *testing.T, fields map[string]any) *Instance {
	t.Helper()
	var instance Instance
	var problems schema.Problems
	Options().Parse(&instance, fields, schema.At("", &problems))
	if len(problems) == 0 {
		instance.Check(schema.At("", &problems))
	}
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return &instance
}

func lxcbr0(t *testing.T, more map[string]any) *Instance {
	t.Helper()
	fields := map[string]any{"interface": "lxcbr0", "address": "10.0.3.1/24", "upstream_servers": []any{},
		"extra_lines": []any{"no-ping"}}
	for key, value := range more {
		fields[key] = value
	}
	return parse(t, fields)
}

// apply makes the instance so, looks that a second run has nothing to do, and returns what was done.
func (s *site) apply(t *testing.T, wanted *Instance) []string {
	t.Helper()
	var done []string
	s.host.Do(t, func() {
		for run := range 2 {
			steps := s.plan(t, wanted)
			if run == 0 {
				if err := plan.Run(steps, nil); err != nil {
					t.Fatal(err)
				}
				done = actions(steps)
			} else if len(steps) > 0 {
				t.Fatalf("a second run would %v", actions(steps))
			}
		}
	})
	return done
}

func (s *site) plan(t *testing.T, wanted *Instance) []plan.Step {
	t.Helper()
	current, err := Observe(s.system, []string{wanted.Interface})
	if err != nil {
		t.Fatal(err)
	}
	result, err := Plan(s.system, current, []*Instance{wanted})
	if err != nil {
		t.Fatal(err)
	}
	plan.Order(result.Steps)
	return result.Steps
}

func actions(steps []plan.Step) []string {
	var out []string
	for _, step := range steps {
		out = append(out, step.Action+" "+step.Object)
	}
	return out
}

// lease gets a lease for a made-up client.
func (s *site) lease(t *testing.T, mac, name string) *probe.Lease {
	t.Helper()
	var lease *probe.Lease
	s.client.Do(t, func() {
		link, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Fatal(err)
		}
		hardware, err := net.ParseMAC(mac)
		if err != nil {
			t.Fatal(err)
		}
		client, err := probe.NewClient(link.Index, hardware, name)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if lease, err = client.Acquire(15 * time.Second); err != nil {
			t.Fatal(err)
		}
	})
	return lease
}

// useAddress gives the client's interface an address for DNS queries.
func (s *site) useAddress(t *testing.T) {
	t.Helper()
	s.client.IP(t, "address", "add", "10.0.3.254/24", "dev", "eth0")
}

func (s *site) resolve(t *testing.T, name string) string {
	t.Helper()
	var out []netip.Addr
	s.client.Do(t, func() {
		var err error
		if out, err = probe.Resolve(netip.MustParseAddr("10.0.3.1"), name, false); err != nil {
			t.Fatal(err)
		}
	})
	return fmt.Sprint(out)
}

func TestLeaseAndNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	done := s.apply(t, lxcbr0(t, map[string]any{
		"domain": "lxc.example", "lease_time": "2h", "mtu": 1400,
		"dhcp_options":  map[string]any{"ntp_server": "10.0.3.1", "domain_search": []any{"lxc.example", "example"}},
		"static_leases": []any{map[string]any{"mac": "00:16:3e:00:00:05", "address": "10.0.3.50", "name": "five"}},
		"host_records":  []any{map[string]any{"name": "db.example", "addresses": []any{"192.0.2.7"}}},
	}))
	if len(done) != 6 || done[5] != "start dnsmasq on lxcbr0" {
		t.Errorf("done: %q", done)
	}
	lease := s.lease(t, "00:16:3e:00:00:01", "web")
	if !netip.MustParsePrefix("10.0.3.0/24").Contains(lease.Address.Addr()) || lease.Address.Bits() != 24 ||
		lease.Router.String() != "10.0.3.1" || lease.Domain != "lxc.example" || lease.MTU != 1400 ||
		lease.Time != 2*time.Hour {
		t.Errorf("lease: %+v", lease)
	}
	if static := s.lease(t, "00:16:3e:00:00:05", ""); static.Address.String() != "10.0.3.50/24" {
		t.Errorf("static lease: %+v", static)
	}
	s.useAddress(t)
	for name, want := range map[string]string{
		"web": lease.Address.Addr().String(), "web.lxc.example": lease.Address.Addr().String(),
		"five": "10.0.3.50", "db.example": "192.0.2.7",
	} {
		if got := s.resolve(t, name); got != "["+want+"]" {
			t.Errorf("%s resolves to %s, want %s", name, got, want)
		}
	}
	s.client.Do(t, func() {
		names, err := probe.Reverse(netip.MustParseAddr("10.0.3.1"), lease.Address.Addr())
		if err != nil || !slices.Contains(names, "web.lxc.example.") {
			t.Errorf("reverse: %q, %v", names, err)
		}
	})
}

func (s *site) pid(t *testing.T) int {
	t.Helper()
	var process system.Process
	s.host.Do(t, func() {
		var up bool
		if process, up = running(s.system, "lxcbr0"); !up {
			t.Fatal("dnsmasq does not run")
		}
	})
	return process.PID
}

func TestReloadAndRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	s.useAddress(t)
	lease := s.lease(t, "00:16:3e:00:00:01", "web")
	before := s.pid(t)
	done := s.apply(t,
		lxcbr0(t, map[string]any{"host_records": []any{map[string]any{"name": "new", "addresses": []any{"192.0.2.8"}}}}))
	if len(done) != 2 || done[1] != "reload dnsmasq on lxcbr0" || s.pid(t) != before {
		t.Errorf("a new name: done %q, PID %d then %d", done, before, s.pid(t))
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.resolve(t, "new") != "[192.0.2.8]" && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if got := s.resolve(t, "new"); got != "[192.0.2.8]" {
		t.Errorf("the new name resolves to %s", got)
	}
	done = s.apply(t, lxcbr0(t, map[string]any{"lease_time": "3h"}))
	if !slices.Contains(done, "restart dnsmasq on lxcbr0") || s.pid(t) == before {
		t.Errorf("a new lease time: done %q", done)
	}
	if again := s.lease(t, "00:16:3e:00:00:01", "web"); again.Address != lease.Address || again.Time != 3*time.Hour {
		t.Errorf("after the restart: %+v, before: %+v", again, lease)
	}
	if got := s.resolve(t, "web"); got != "["+lease.Address.Addr().String()+"]" {
		t.Errorf("after the restart, web resolves to %s", got)
	}
}

func TestKilledComesBackWithItsLeases(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	lease := s.lease(t, "00:16:3e:00:00:01", "web")
	before := s.pid(t)
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if again := s.lease(t, "00:16:3e:00:00:01", "web"); again.Address != lease.Address {
		t.Errorf("lease %+v, before %+v", again, lease)
	}
	if after := s.pid(t); after == before {
		t.Errorf("the PID is still %d", after)
	}
	s.useAddress(t)
	if got := s.resolve(t, "web"); got != "["+lease.Address.Addr().String()+"]" {
		t.Errorf("web resolves to %s", got)
	}
}

// TestUnknownSupervisorEnds: a task that is killed while it starts one leaves a supervisor without a pid file.
func TestUnknownSupervisorEnds(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		lost string
		end  func(t *testing.T, s *site, dnsmasq int) error
	}{
		"at the next stop": {pidFileOf("lxcbr0"), func(t *testing.T, s *site, _ int) (err error) {
			s.host.Do(t, func() { err = stopDirectly(s.system, "lxcbr0") })
			return err
		}},
		"with what there was to serve": {configOf("lxcbr0"), func(_ *testing.T, _ *site, dnsmasq int) error {
			return syscall.Kill(dnsmasq, syscall.SIGKILL)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.apply(t, lxcbr0(t, nil))
			process, _ := system.FindProcess(s.pid(t))
			if err := errors.Join(s.system.Put(system.NoFile(one.lost)), one.end(t, s, process.PID),
				waitForEnd(process.PID, process.Parent)); err != nil {
				t.Errorf("the supervisor (PID %d): %v", process.Parent, err)
			}
		})
	}
}

func TestTwoHundredClients(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	addresses := map[netip.Addr]bool{}
	for n := range 200 {
		lease := s.lease(t, fmt.Sprintf("00:16:3e:01:00:%02x", n), "")
		addresses[lease.Address.Addr()] = true
	}
	if len(addresses) != 200 {
		t.Errorf("200 clients have %d different addresses", len(addresses))
	}
}

func TestAbsentLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	done := s.apply(t, lxcbr0(t, map[string]any{"state": "absent"}))
	if len(done) != 6 {
		t.Errorf("done: %q", done)
	}
	if s.system.Exists(configFolder) {
		t.Error("the folder of the configuration is left")
	}
	s.host.Do(t, func() {
		left, err := dnsmasqProcesses(&system.System{})
		// A defunct one tells no namespace: it may be another test's.
		left = slices.DeleteFunc(left, func(p system.Process) bool { return p.Zombie })
		if err != nil || len(left) != 0 {
			t.Errorf("processes left: %+v, %v", left, err)
		}
	})
}

func TestRestore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	config, err := s.system.File(configOf("lxcbr0"))
	if err != nil {
		t.Fatal(err)
	}
	s.host.Do(t, func() {
		before, err := Observe(s.system, []string{"lxcbr0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Run(s.plan(t, lxcbr0(t, map[string]any{"lease_time": "3h", "domain": "other"})), nil); err != nil {
			t.Fatal(err)
		}
		if err := Restore(s.system, before); err != nil {
			t.Fatal(err)
		}
		after, err := s.system.File(configOf("lxcbr0"))
		if err != nil || !after.Equal(config) {
			t.Errorf("the configuration is not as it was: %v", err)
		}
	})
	if lease := s.lease(t, "00:16:3e:00:00:01", ""); lease.Time != time.Hour {
		t.Errorf("lease: %+v", lease)
	}
}
