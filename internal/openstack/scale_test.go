package openstack

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func lockFor(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return file
}

// large is a cloud of so many hosts with 20 containers each.
func large(hosts int) *files {
	head, _, _ := strings.Cut(cloud, "image-hosts")
	text := strings.NewReplacer("192.0.2.0/24", "10.0.0.0/8", "198.51.100.0/26", "172.16.0.0/12",
		"198.51.100.1-198.51.100.9", "172.16.0.1",
		"198.51.100.10", "172.16.0.1", "192.0.2.", "10.0.0.").Replace(head)
	var all strings.Builder
	all.WriteString(text)
	for _, group := range []string{"image", "identity", "dashboard", "orchestration"} {
		kind := map[string]string{"image": "glance", "identity": "keystone", "dashboard": "horizon",
			"orchestration": "heat_api"}[group]
		fmt.Fprintf(&all, "%s_hosts:\n", group)
		for i := range hosts {
			fmt.Fprintf(&all, "  h%d: {ip: 10.1.%d.%d, affinity: {%s_container: 5}}\n", i, i/250, i%250+1, kind)
		}
	}
	return &files{config: []file{{UserConfig, []byte(all.String())}}, environment: []file{{BuiltIn, builtIn}}}
}

func BenchmarkPlan(b *testing.B) {
	for _, hosts := range []int{50, 500} {
		read := large(hosts)
		b.Run(fmt.Sprintf("%d containers", hosts*20), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if plan := read.plan(MemoryFile); len(plan.Containers) != hosts*20 || len(plan.Problems) > 0 {
					b.Fatal(len(plan.Containers), plan.Problems)
				}
			}
		})
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(cloud, "{}", "")
	f.Add("cidr_networks: {a: 1::/0}\nused_ips: [a-b, 1-2]\nx_hosts: {a: {ip: 1}}",
		`{"_meta":{"hostvars":{"a":{"physical_host":"b"}}}}`,
		"container_skel: {a: {contains: [a], belongs_to: [a]}}")
	f.Add("a: &a\n  <<: *a\n  <<: [*a, 1]\n", `{"all": [1], "x_container": {"hosts": [1, "a"]}}`, "physical_skel: [1]\n")
	f.Add("global_overrides: {provider_networks: [{network: {group_binds: hosts, static_routes: [1, {cidr: 1}]}}, 1]}",
		"[", "")
	f.Add("provider_networks: [{network: {ip_from_q: a, gateway: 1.1.1.1}}]\ncidr_networks: {a: 1.0.0.0/255.0.0.0}\n"+
		"x_hosts: {a: {ip: 1.1.1.1, container_vars: {container_extra_networks: {b: {address: "+
		"1.1.1.2}}}}}", "{}", "container_skel: {a: {b: c}}")
	f.Fuzz(func(t *testing.T, config, memory, environment string) {
		read := &files{
			config: []file{{UserConfig, []byte(config)}}, environment: []file{{BuiltIn, builtIn}, {"env.d/x.yml",
				[]byte(environment)}},
			memory: []byte(memory),
		}
		plan := read.plan(MemoryFile)
		plan.Changes()
		plan.Inventory()
	})
}
