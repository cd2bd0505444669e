//go:build netns

package registry_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// aHost runs one task after the other, each twice, on a host of its own: namespaces of links and of mounts, and a
// machine beyond that stands for the outside world.
const aHost = `set -e
for folder in /etc /run /var/lib /usr/local/sbin /usr/local/bin /usr/local/share; do mount -t tmpfs tmpfs $folder; done
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >/etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\n' >/etc/group
mkdir -p /run/netns; ip netns add outside; ip link set lo up
for n in 0 1 2 3; do ip link add eth$n type veth peer name far$n; done
ip link set far3 netns outside; ip -n outside address add 192.0.2.254/24 dev far3; ip -n outside link set far3 up
ip address add 192.0.2.1/24 dev eth3; ip link set eth3 up; ip route add default via 192.0.2.254
echo nameserver 192.0.2.254 >/etc/resolv.conf
for task in $tasks/*.json; do for time in 1 2; do $hostnet module <$task || true; echo; done; done
printf '{"_ansible_module_name": "lxc_bridge", "state": "absent", "confirm": "off"}' | $hostnet module >/dev/null
ip netns delete outside`

// TestPagesOnAHost reads the pages with examples that have no meaning in a namespace as a person does: all their tasks
// in order, but those that need kinds of links which not every kernel has, and a confirmation over another address.
func TestPagesOnAHost(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hostnet")
	build := exec.Command("go", "build", "-o", binary, "hostnet.linux/modules")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	pages, order := map[string][]example{}, []string{}
	for _, one := range siteBlocks(t) {
		page, _, _ := strings.Cut(one.place, ":")
		if !slices.Contains(order, page) {
			order = append(order, page)
		}
		pages[page] = append(pages[page], one.tasks...)
	}
	ran := map[string]bool{}
	for _, page := range order {
		tasks := slices.DeleteFunc(pages[page], func(task example) bool {
			_, elsewhere := task.Arguments["confirm"].(map[string]any)
			return elsewhere || len(kindsIn([]example{task})) > 0
		})
		if !slices.ContainsFunc(tasks, func(task example) bool {
			return servesHost[task.Module] || wholeHost.MatchString(fmt.Sprint(task.Arguments))
		}) {
			continue
		}
		for _, task := range tasks {
			ran[task.Module] = true
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			readPage(t, binary, tasks)
		})
	}
	if !ran["lxc_bridge"] || !ran["rollback"] {
		t.Errorf("no page has the tasks that only a host can run: %v", ran)
	}
}

func readPage(t *testing.T, binary string, tasks []example) {
	t.Helper()
	folder := t.TempDir()
	for i, task := range tasks {
		if task.Arguments == nil {
			task.Arguments = map[string]any{}
		}
		task.Arguments["_ansible_module_name"] = task.Module
		if _, says := task.Arguments["confirm"]; !says && task.Module != "rollback" {
			task.Arguments["confirm"] = "off"
		}
		text, err := json.Marshal(task.Arguments)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d.json", i)), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", aHost)
	command.Env = append(os.Environ(), "hostnet="+binary, "tasks="+folder, "HOSTNET_NAMESPACE=", "SSH_CONNECTION=")
	said, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	answers := strings.Split(strings.TrimSpace(string(said)), "\n\n")
	if len(answers) != 2*len(tasks) {
		t.Fatalf("%d answers to %d tasks:\n%s", len(answers), len(tasks), said)
	}
	for i, answer := range answers {
		task := tasks[i/2]
		var result struct{ Changed, Failed bool }
		if err := json.Unmarshal([]byte(answer), &result); err != nil || result.Failed ||
			i%2 == 1 && result.Changed && task.Module != "rollback" {
			t.Errorf("%s %v, run %d: %s", task.Module, task.Arguments, i%2+1, answer)
		}
	}
}
