package registry_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

// moved are the tools that the page about migration has a table for, each with what its users look for first.
var moved = map[string][]string{
	"nmcli (community.general.nmcli)": {"ip4", "gw4", "routes4", "vlandev", "master", "method4", "dns4"},
	"interfaces_file and /etc/network/interfaces": {"address", "gateway", "bond-mode", "bridge_ports", "vlan-raw-device",
		"dns-nameservers"},
	"netplan":   {"addresses", "routes", "nameservers", "dhcp4", "optional", "macaddress", "set-name"},
	"ifupdown2": {"bridge-vids", "vxlan-id", "vrf-table", "address-virtual"},
	"nmstate":   {"ipv4.address", "dns-resolver", "link-aggregation.mode", "controller"},
	"lxc-net":   {"LXC_BRIDGE", "LXC_ADDR", "LXC_DHCP_RANGE", "LXC_DHCP_CONFILE", "LXC_DOMAIN", "USE_LXC_BRIDGE"},
	"OpenStack-Ansible's roles": {"lxc_net_bridge", "container_networks", "openstack_hosts_systemd_networkd_devices",
		"provider_networks"},
}

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	name   = regexp.MustCompile(`^[a-z]\w*(\[\]\.\w+)*$`)
)

// TestMigration: what the page about migration calls ours, there is: an option, of the module or the kind that stands
// before it.
func TestMigration(t *testing.T) {
	page, err := os.ReadFile("../../docs/migration.md")
	if err != nil {
		t.Fatal(err)
	}
	known := knownOptions()
	for tool, wanted := range moved {
		_, section, found := strings.Cut(string(page), "\n## "+tool+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for _, one := range wanted {
			if !strings.Contains(section, "`"+one) {
				t.Errorf("%s (%t): nothing about %s", tool, found, one)
			}
		}
		for line := range strings.Lines(section) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
			if !strings.HasPrefix(line, "| `") || len(cells) != 2 {
				continue
			}
			if _, role, same := strings.Cut(cells[1], "the same variables of the role `hostnet.linux."); same {
				role, _, _ = strings.Cut(role, "`")
				wantVariables(t, role, cells[0])
				continue
			}
			for part := range strings.SplitSeq(cells[1], "; ") {
				wantOptions(t, known, part)
			}
		}
	}
}

// wantOptions takes a text such as "`bonds`: `mode`, `miimon`".
func wantOptions(t *testing.T, known map[string][]string, text string) {
	t.Helper()
	of := ""
	if before, after, has := strings.Cut(text, "`: "); has && name.MatchString(strings.TrimPrefix(before, "`")) {
		of, text = strings.TrimPrefix(before, "`"), after
		if known[of] == nil {
			t.Errorf("%s is neither a module nor a key of network", of)
		}
	}
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		option, _, _ := strings.Cut(match[1], ":")
		if !name.MatchString(option) {
			continue // a command, or another collection's
		}
		if !slices.Contains(known[of], option) && (of != "" || known[option] == nil) {
			t.Errorf("%s: there is no option %s: %s", of, option, text)
		}
	}
}

// knownOptions are the options of each module and of each key of network; below "" those of all of them.
func knownOptions() map[string][]string {
	known := map[string][]string{}
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		known[module.Name] = namesOf(module.Options(), "")
		if module.Name == "network" {
			for _, doc := range module.Options() {
				if doc.Suboptions != nil {
					known[doc.Name] = namesOf(doc.Suboptions(), "")
				}
			}
		}
	}
	for _, names := range known {
		known[""] = append(known[""], names...)
	}
	return known
}

func namesOf(docs []schema.Doc, way string) []string {
	var out []string
	for _, doc := range docs {
		out = append(out, way+doc.Name)
		if doc.Suboptions != nil && strings.Count(way, ".") < 1 {
			out = append(out, namesOf(doc.Suboptions(), way+doc.Name+"[].")...)
		}
	}
	return out
}

func wantVariables(t *testing.T, role, text string) {
	t.Helper()
	specs, err := os.ReadFile("../../roles/" + role + "/meta/argument_specs.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		if strings.Contains(match[1], "_net") && !regexp.MustCompile(`\b`+match[1]+`\b`).Match(specs) {
			t.Errorf("the role %s has no variable %s", role, match[1])
		}
	}
}
