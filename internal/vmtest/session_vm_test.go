//go:build vm

// Package vmtest proves on real Debian machines what network namespaces cannot show.
package vmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/testhost"
)

// program is where the tests put the binary in a machine.
const program = "/usr/local/bin/hostnet"

// install builds the static binary and copies it into the machine.
func install(t *testing.T, host *testhost.Host) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hostnet")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "hostnet.linux/modules")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	if err := host.Put(context.Background(), binary, program, 0o755); err != nil {
		t.Fatal(err)
	}
}

// answer is what the tests look at in a module's result.
type answer struct {
	Changed bool
	Failed  bool
	Msg     string
	Actions []struct {
		Action, Object, Disruption string
	}
	Warnings []string
	Checks   map[string]struct {
		Lease          string
		GatewayReached bool `json:"gateway_reached"`
	}
	Confirm *struct{ Token string } `json:"_hostnet_confirm"`
	Verdict string
	Nonce   string
	Reason  string
	Result  *answer
}

// module runs one task over SSH, and confirms its change as the action plugin does.
func module(t *testing.T, host *testhost.Host, name string, arguments map[string]any) answer {
	t.Helper()
	return moduleBy(t, host, program+" module", name, arguments)
}

// moduleBy does so with a command of its own, which reaches the program in another way.
func moduleBy(t *testing.T, host *testhost.Host, command, name string, arguments map[string]any) answer {
	t.Helper()
	result := callBy(t, host, command, name, arguments)
	if result.Confirm == nil {
		return result
	}
	question := map[string]any{"_hostnet_confirm": result.Confirm.Token}
	verdict := callBy(t, host, command, name, question)
	for deadline := time.Now().Add(50 * time.Second); verdict.Verdict != "ready" && time.Now().Before(deadline); {
		time.Sleep(500 * time.Millisecond)
		verdict = callBy(t, host, command, name, question)
	}
	question["_hostnet_nonce"] = verdict.Nonce
	verdict = callBy(t, host, command, name, question)
	if verdict.Verdict != "confirmed" || verdict.Result == nil {
		t.Fatalf("%s: the verdict is %q: %s", name, verdict.Verdict, verdict.Reason)
	}
	// A second confirmation is harmless.
	if again := callBy(t, host, command, name, question); again.Verdict != "confirmed" {
		t.Errorf("%s: confirmed twice, the verdict is %q: %s", name, again.Verdict, again.Reason)
	}
	return *verdict.Result
}

func call(t *testing.T, host *testhost.Host, name string, arguments map[string]any) answer {
	t.Helper()
	return callBy(t, host, program+" module", name, arguments)
}

func callBy(t *testing.T, host *testhost.Host, command, name string, arguments map[string]any) answer {
	t.Helper()
	arguments["_ansible_module_name"] = name
	text, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	var stdout, stderr strings.Builder
	err = host.Exec(ctx, command, strings.NewReader(string(text)), &stdout, &stderr)
	var result answer
	if parseErr := json.Unmarshal([]byte(stdout.String()), &result); parseErr != nil {
		t.Fatalf("%s: no answer (%v): %s%s", name, err, stdout.String(), stderr.String())
	}
	return result
}

// testSessionSurvives moves the very address that the SSH session uses, with its route and MAC address, from a card to
// a bond to a bridge, while a ping asks ten times a second.
func testSessionSurvives(t *testing.T, host *testhost.Host) {
	mac := strings.TrimSpace(host.MustRun(t, "cat /sys/class/net/eth0/address"))
	host.MustRun(t, "systemd-run --unit=witness sh -c 'ping -i 0.1 -W 1 -O 10.0.2.2 >/run/ping.log'")
	declared := map[string]any{
		"bonds": []any{map[string]any{
			"name": "bond0", "mode": "active-backup", "miimon": 100, "primary": "eth0", "same_card": "fail",
			"ports": []any{"eth0", "eth1"},
		}},
		"bridges": []any{map[string]any{
			"name": "br-mgmt", "forward_delay": 0, "ports": []any{"bond0"}, "addresses": []any{"10.0.2.15/24"},
		}},
	}
	result := module(t, host, "network", declared)
	if result.Failed || !result.Changed {
		t.Fatalf("the change: %+v", result)
	}
	if again := module(t, host, "network", declared); again.Failed || again.Changed {
		t.Errorf("the second run: %+v", again)
	}
	if route := host.MustRun(t, "ip route show default"); !strings.Contains(route, "via 10.0.2.2 dev br-mgmt") {
		t.Errorf("the default route did not move: %q", route)
	}
	if now := strings.TrimSpace(host.MustRun(t, "cat /sys/class/net/br-mgmt/address")); now != mac {
		t.Errorf("the bridge has the MAC address %s, not the card's %s", now, mac)
	}
	if addresses := host.MustRun(t, "ip -4 -brief address show dev eth0"); strings.Contains(addresses, "10.0.2.15") {
		t.Errorf("the card still has the address: %q", addresses)
	}
	time.Sleep(time.Second)
	host.MustRun(t, "systemctl stop witness")
	if gap := longestGap(t, host.MustRun(t, "cat /run/ping.log")); gap > 20 {
		t.Errorf("%d pings in a row, at ten a second, had no answer", gap)
	}
}

// testUdev: udev, which gives new links a MAC address by its own policy (systemd.link(5), MACAddressPolicy=), leaves
// that of bonds and bridges alone, declared or taken from a port.
func testUdev(t *testing.T, host *testhost.Host) {
	const count = 8
	groups := map[string]any{"confirm": "off", "persist": false}
	add := func(group string, object map[string]any) {
		list, _ := groups[group].([]any)
		groups[group] = append(list, object)
	}
	var want []string
	for i := range count {
		lower, upper, own := fmt.Sprintf("02:00:00:00:01:%02x", i), fmt.Sprintf("02:00:00:00:02:%02x", i),
			fmt.Sprintf("02:00:00:00:03:%02x", i)
		add("dummies", map[string]any{"name": fmt.Sprintf("low%d", i), "mac_address": lower})
		add("dummies", map[string]any{"name": fmt.Sprintf("high%d", i), "mac_address": upper})
		add("bonds", map[string]any{"name": fmt.Sprintf("bond2%d", i), "mode": "active-backup", "miimon": 100,
			"ports": []any{fmt.Sprintf("low%d", i)}})
		add("bridges", map[string]any{"name": fmt.Sprintf("br2%d", i), "ports": []any{fmt.Sprintf("high%d", i)}})
		add("bridges", map[string]any{"name": fmt.Sprintf("own2%d", i), "mac_address": own})
		want = append(want, fmt.Sprintf("bond2%d %s", i, lower), fmt.Sprintf("br2%d %s", i, upper),
			fmt.Sprintf("own2%d %s", i, own))
	}
	if result := module(t, host, "network", groups); result.Failed || !result.Changed {
		t.Fatalf("%+v", result)
	}
	policy := host.MustRun(t, "udevadm settle; udevadm info --query=property /sys/class/net/own20; cat "+
		"/usr/lib/systemd/network/99-default.link /lib/systemd/network/99-default.link")
	if !strings.Contains(policy, "MACAddressPolicy=persistent") || !strings.Contains(policy, "ID_NET_LINK_FILE=") {
		t.Errorf("udev has no policy here: %s", policy)
	}
	slices.Sort(want)
	got := strings.Split(strings.TrimSpace(host.MustRun(t,
		"cd /sys/class/net; for link in bond2* br2* own2*; do echo $link $(cat $link/address); done | sort")), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again := module(t, host, "network", groups); again.Failed || again.Changed {
		t.Errorf("the second run: %+v", again)
	}
}

// testOwnVLAN moves the address of a session from a card to a bond to a VLAN to a bridge. The operator sits in a
// namespace with a card of its own, where it is reached both with and without a tag.
func testOwnVLAN(t *testing.T, host *testhost.Host) {
	if err := host.Put(t.Context(), host.SSH().KeyFile, "/root/key", 0o600); err != nil {
		t.Fatal(err)
	}
	host.MustRun(t, `ip link set eth2 up; ip address add 10.9.0.2/24 dev eth2
ip netns add desk; ip link set eth4 netns desk
ip -n desk link add link eth4 name eth4.10 type vlan id 10
ip -n desk link add br0 type bridge
for link in eth4 eth4.10; do ip -n desk link set $link master br0 up; done
ip -n desk link set br0 up; ip -n desk address add 10.9.0.1/24 dev br0
systemd-run --unit=desk ip netns exec desk sh -c 'ping -i 0.1 -W 1 -O 10.9.0.2 >/run/desk.log'`)
	const desk = "ip netns exec desk ssh -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o " +
		"LogLevel=ERROR root@10.9.0.2 " + program + " module"
	declared := map[string]any{
		"bonds": []any{map[string]any{"name": "bond7", "mode": "active-backup", "miimon": 100, "primary": "eth2",
			"ports": []any{"eth2", "eth3"}}},
		"vlans": []any{map[string]any{"name": "bond7.10", "parent": "bond7", "id": 10}},
		"bridges": []any{map[string]any{"name": "br-desk", "forward_delay": 0, "ports": []any{"bond7.10"},
			"addresses": []any{"10.9.0.2/24"}}},
	}
	if result := moduleBy(t, host, desk, "network", declared); result.Failed || !result.Changed {
		t.Fatalf("the change: %+v", result)
	}
	if again := moduleBy(t, host, desk, "network", declared); again.Failed || again.Changed {
		t.Errorf("the second run: %+v", again)
	}
	host.MustRun(t, "sleep 1; systemctl stop desk")
	if gap := longestGap(t, host.MustRun(t, "cat /run/desk.log")); gap > 20 {
		t.Errorf("%d pings in a row, at ten a second, had no answer", gap)
	}
}

var sequence = regexp.MustCompile(`bytes from .* icmp_seq=(\d+)`)

// longestGap is the largest number of consecutive pings without an answer.
func longestGap(t *testing.T, log string) int {
	t.Helper()
	last, longest := 0, 0
	for _, match := range sequence.FindAllStringSubmatch(log, -1) {
		number, err := strconv.Atoi(match[1])
		if err != nil {
			t.Fatal(err)
		}
		longest, last = max(longest, number-last-1), number
	}
	if last == 0 {
		t.Fatal(fmt.Errorf("no ping was answered: %s", log))
	}
	return longest
}
