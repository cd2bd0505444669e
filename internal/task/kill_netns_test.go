//go:build netns

package task_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// kills is how many runs are killed, where another number than that of every day is wanted: `make nightly` has 1,000.
const kills = "HOSTNET_KILLS"

// changes are what the killed runs make, one after the other in any order: links of each kind that this kernel has,
// what belongs to them, settings, rules and translations.
var changes = []string{
	network,
	`{"bridges": [{"name": "br-mgmt", "ports": ["eth0"], "addresses": ["10.0.0.2/24"], "ageing_time": 60}], "routes": [{"to": "default", "via": "10.0.0.1"}]}`,
	`{"interfaces": [{"name": "eth2", "mtu": 1450, "addresses": ["10.7.0.1/24", "fd00:7::1/64"]}], "routes": [{"to": "10.70.0.0/16", "via": "10.7.0.9"}]}`,
	`{"vxlans": [{"name": "vx7", "id": 7, "remote": "10.0.0.7"}], "bridges": [{"name": "br7", "ports": ["vx7"], "mac_address": "02:00:00:00:00:77"}]}`,
	`{"veths": [{"name": "v0", "peer": "v1"}], "bridges": [{"name": "br7", "ports": ["v0"], "mac_address": "02:00:00:00:00:77", "mtu": 1400}]}`,
	`{"veths": [{"name": "v0", "state": "absent"}], "macvlans": [{"name": "mv0", "state": "absent"}]}`,
	`{"nats": [{"name": "br-mgmt", "subnets": ["10.0.0.0/24", "10.8.0.0/24"]}], "rules": [{"priority": 90, "from": "10.8.0.0/24", "table": 7}]}`,
	`{"nats": [{"name": "br-mgmt", "state": "absent"}], "rules": [{"priority": 100, "from": "10.9.0.0/24", "table": 100, "state": "absent"}]}`,
	`{"purge": true, "bridges": [{"name": "br-a", "addresses": ["10.3.0.1/24"]}]}`,
	`{"purge": true, "interfaces": [{"name": "eth0", "addresses": ["10.0.0.2/24"]}], "routes": [{"to": "default", "via": "10.0.0.1"}]}`,
}

// TestKilledAtRandom: a run that is killed at any moment, also while other programs change other things, is put back as
// a whole by the next one, unless it was done.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	count, err := strconv.Atoi(cmp.Or(os.Getenv(kills), "30"))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ns, root := lab(t)
	random := rand.New(rand.NewPCG(13, uint64(count)))
	longest, killed, undone := time.Second, 0, 0
	runs := 0
	for ; killed < count && runs < 10*count; runs++ {
		i := runs
		text := changes[random.IntN(len(changes))]
		before := snapshot(t, ns, root)
		calm := func() {}
		if random.IntN(2) == 0 {
			calm = churn(t, ns)
		}
		command := exec.Command("ip", "netns", "exec", ns.Name, self, root, text)
		// A third is killed ahead of a step, a third after a while, and a third is let alone, so that there are many states.
		step, patience := -1, time.Hour
		switch random.IntN(3) {
		case 0:
			step = random.IntN(20)
		case 1:
			patience = time.Duration(random.Int64N(int64(longest)))
		}
		command.Env = append(os.Environ(), crash+"="+strconv.Itoa(step))
		var said strings.Builder
		command.Stderr = &said
		start := time.Now()
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
		err := command.Wait()
		timer.Stop()
		calm()
		if command.ProcessState.Exited() {
			longest = time.Since(start)
			// What cannot be after another change is refused, and changes nothing.
			if !strings.Contains(said.String(), "not killed: <nil>") && snapshot(t, ns, root) != before {
				t.Fatalf("run %d: %s: %v: %s", i, text, err, said.String())
			}
			continue
		}
		killed++
		within(t, ns, root, func(site *services.Site) {
			if _, err := task.Recover(site); err != nil {
				t.Fatalf("run %d: %s: %v", i, text, err)
			}
		})
		if snapshot(t, ns, root) == before {
			undone++
			continue
		}
		if left := leftToDo(t, ns, root, text); left != "[]" {
			t.Fatalf("run %d: %s: killed, and neither as before nor done: left is %s; before\n%s\nafter\n%s", i, text, left,
				before, snapshot(t, ns, root))
		}
	}
	t.Logf("%d runs: %d killed, %d of them as before, the others done", runs, killed, undone)
	if killed < count || undone == 0 {
		t.Errorf("%d of %d were killed, %d undone: that proves little", killed, runs, undone)
	}
}

// leftToDo are the steps that a task would make.
func leftToDo(t *testing.T, ns *netnstest.Namespace, root, text string) (left string) {
	t.Helper()
	within(t, ns, root, func(site *services.Site) {
		one, declaration, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		one.Call.CheckMode = true
		result := one.Apply(site, declaration)
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		left = fmt.Sprint(result.Values.Get("actions"))
	})
	return left
}

// churn has another program change links, addresses and routes of its own all the time, until it is told to stop.
func churn(t *testing.T, ns *netnstest.Namespace) (calm func()) {
	t.Helper()
	const once = `ip link add churn type bridge; ip link set churn up; ip address add 10.99.0.1/24 dev churn
ip route add 10.98.0.0/16 via 10.99.0.9 proto bird; ip link set churn mtu 1300; ip route flush dev churn proto bird; ip link delete churn`
	goes := filepath.Join(t.TempDir(), "goes")
	if err := os.WriteFile(goes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("ip", "netns", "exec", ns.Name, "sh", "-c", "while [ -e \"$1\" ]; do "+once+"; done", "sh",
		goes)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = os.Remove(goes)
		_ = command.Wait()
	}
}

// TestABridgeWithoutAnAddressComesBack: the last port has taken the bridge's address along, and an undo makes the
// bridge again.
func TestABridgeWithoutAnAddressComesBack(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	ns.IP(t, "link", "add", "br7", "type", "bridge")
	ns.IP(t, "link", "add", "p0", "master", "br7", "type", "veth", "peer", "name", "p1")
	ns.IP(t, "link", "delete", "p0")
	if link := ns.IP(t, "link", "show", "br7"); !strings.Contains(link, "link/ether 00:00:00:00:00:00") {
		t.Fatalf("this kernel's bridge has an address of its own: %s", link)
	}
	refused := errors.New("refused")
	within(t, ns, root, func(site *services.Site) {
		one, declaration, err := parse(
			`{"bridges": [{"name": "br7", "state": "absent"}], "routes": [{"to": "10.70.0.0/16", "via": "10.0.0.9"}]}`)
		if err != nil {
			t.Fatal(err)
		}
		site.Host.BeforeStep = func(int) error {
			if _, err := ns.Try("ip", "link", "show", "br7"); err != nil {
				return refused
			}
			return nil
		}
		result := one.Apply(site, declaration)
		if !errors.Is(result.Err, refused) || !strings.Contains(result.Err.Error(), "the host is as it was") {
			t.Errorf("%v", result.Err)
		}
	})
	ns.IP(t, "link", "show", "br7")
}
