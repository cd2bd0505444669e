package dnsmasq

import (
	"fmt"
	"net/netip"
	"strings"

	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Folders of all instances.
const (
	configFolder = "/etc/hostnet/dnsmasq"
	runFolder    = "/run/hostnet"
	leaseFolder  = "/var/lib/misc"
)

// LeaseFile is where the leases are: lxc-net and OpenStack-Ansible have theirs there too, so a takeover keeps them.
func LeaseFile(link string) string { return leaseFolder + "/dnsmasq." + link + ".leases" }

func folderOf(link string) string  { return configFolder + "/" + link }
func configOf(link string) string  { return folderOf(link) + "/dnsmasq.conf" }
func pidFileOf(link string) string { return runFolder + "/dnsmasq-" + link + ".pid" }

// Files that dnsmasq reads again on SIGHUP, so that a change there needs no restart (dnsmasq(8), "NOTES").
const (
	leasesFile  = "static_leases"
	optionsFile = "dhcp_options"
	hostsFile   = "host_records"
	serversFile = "upstream_servers"
)

var reloadedFiles = []string{leasesFile, optionsFile, hostsFile, serversFile}

const head = "# Written by the Ansible collection hostnet.linux. Changes made here are overwritten.\n"

// files are all files of the instance, dnsmasq.conf first.
func (i *Instance) files(s *system.System, user string) []system.File {
	folder := folderOf(i.Interface) + "/"
	return []system.File{
		system.Text(configOf(i.Interface), i.config(s, user)),
		system.Text(folder+leasesFile, i.staticLeases()),
		system.Text(folder+optionsFile, i.options()),
		system.Text(folder+hostsFile, i.hosts()),
		system.Text(folder+serversFile, i.servers()),
	}
}

// config is dnsmasq.conf.
func (i *Instance) config(s *system.System, user string) string {
	return head + strings.Join(append(i.mainLines(s, user), list(i.ExtraLines)...), "\n") + "\n"
}

// mainLines are the lines of dnsmasq.conf that are not the operator's own.
func (i *Instance) mainLines(s *system.System, user string) []string {
	folder := s.Path(folderOf(i.Interface)) + "/"
	lines := []string{
		"interface=" + i.Interface,
		"except-interface=lo",
		// The addresses of the interface may come and go; dnsmasq follows. It binds to no others.
		"bind-dynamic",
		"user=" + user,
		"pid-file=" + s.Path(pidFileOf(i.Interface)),
		"no-hosts",
	}
	if i.WantsDNS() {
		lines = append(lines, i.dnsLines(folder)...)
	} else {
		lines = append(lines, "port=0")
	}
	if i.WantsDHCP() || i.Mode() != "none" {
		lines = append(lines,
			"dhcp-authoritative", "dhcp-no-override",
			"dhcp-leasefile="+s.Path(LeaseFile(i.Interface)),
			"dhcp-hostsfile="+folder+leasesFile,
			"dhcp-optsfile="+folder+optionsFile)
	}
	if i.WantsDHCP() {
		lines = append(lines,
			fmt.Sprintf("dhcp-lease-max=%d", i.Limit()),
			fmt.Sprintf("dhcp-range=%s,%s,%s", i.Pool(), netmask(i.Address.Bits()), i.leaseTime()))
	}
	return append(lines, i.ipv6Lines()...)
}

func (i *Instance) dnsLines(folder string) []string {
	lines := []string{"strict-order", "addn-hosts=" + folder + hostsFile}
	if i.Domain != "" {
		lines = append(lines, "domain="+i.Domain, "local=/"+i.Domain+"/", "expand-hosts")
	}
	if i.Upstream != nil {
		lines = append(lines, "no-resolv", "servers-file="+folder+serversFile)
	}
	return lines
}

func (i *Instance) ipv6Lines() []string {
	mode := i.Mode()
	if mode == "none" {
		return nil
	}
	network := i.Address6.Masked().Addr()
	how := map[string]string{
		// With ra-names, a host that chose its own address is found by the name it gave in DHCPv4.
		"slaac":     fmt.Sprintf("dhcp-range=%s,ra-only,ra-names,%d,%s", network, i.Address6.Bits(), i.leaseTime()),
		"stateless": fmt.Sprintf("dhcp-range=%s,ra-stateless,ra-names,%d,%s", network, i.Address6.Bits(), i.leaseTime()),
	}
	if i.Range6 != nil {
		how["stateful"] = fmt.Sprintf("dhcp-range=%s,%d,%s", i.Range6, i.Address6.Bits(), i.leaseTime())
	}
	return []string{"enable-ra", how[mode]}
}

func (i *Instance) leaseTime() string {
	if i.LeaseTime == "" {
		return "1h"
	}
	return i.LeaseTime
}

func netmask(bits int) string {
	mask := ^uint32(0) << (32 - bits)
	return fmt.Sprintf("%d.%d.%d.%d", mask>>24, mask>>16&255, mask>>8&255, mask&255)
}

// options has the form of dhcp-option.
func (i *Instance) options() string {
	var problems schema.Problems
	var out strings.Builder
	out.WriteString(head)
	for _, line := range i.optionLines(schema.At("", &problems)) {
		out.WriteString(line.text + "\n")
	}
	return out.String()
}

// optionLines are the DHCP options that clients are told, with the place of what makes them.
func (i *Instance) optionLines(at schema.Place) []testedLine {
	options, places := map[string][]string{}, map[string]schema.Place{}
	if i.Gateway.IsValid() {
		options["3"], places["3"] = []string{i.Gateway.String()}, at.Key("gateway")
	}
	if i.MTU != nil {
		options["26"], places["26"] = []string{fmt.Sprint(*i.MTU)}, at.Key("mtu")
	}
	if i.DHCPOptions != nil {
		for key, values := range *i.DHCPOptions {
			options[key], places[key] = values, at.Key("dhcp_options").Key(key)
		}
	}
	var lines []testedLine
	for _, key := range optionKeys(options) {
		values, told := options[key], true
		if names6[key] != "" {
			values, told = ofVersion(values, false)
		}
		if told {
			lines = append(lines, testedLine{strings.Join(append([]string{key}, quotedAll(values)...), ","), places[key]})
		}
	}
	return append(lines, i.options6(at)...)
}

// names6 are the options that DHCPv6 has too, by their numbers in DHCPv4.
var names6 = map[string]string{"6": "dns-server", "42": "sntp-server", searchOption: "domain-search"}

const searchOption = "119"

// options6 are told by DHCPv6 and, as far as these have them, by router advertisements.
func (i *Instance) options6(at schema.Place) []testedLine {
	if i.Mode() == "none" {
		return nil
	}
	options := map[string][]string{}
	if i.Domain != "" {
		// In DHCPv4 dnsmasq tells the domain by itself.
		options[searchOption] = []string{i.Domain}
	}
	if i.DHCPOptions != nil {
		for key := range names6 {
			values, given := (*i.DHCPOptions)[key]
			if own, told := ofVersion(values, true); given && told {
				options[key] = own
			}
		}
	}
	var lines []testedLine
	for _, key := range optionKeys(options) {
		text := strings.Join(append([]string{"option6:" + names6[key]}, quotedAll(options[key])...), ",")
		lines = append(lines, testedLine{text, at.Key("dhcp_options").Key(key)})
	}
	return lines
}

// ofVersion are an option's values for clients of one version of IP: names, and addresses of that version. They are not
// told anything if all the addresses are for others.
func ofVersion(values []string, six bool) (own []string, told bool) {
	for _, value := range values {
		address, err := netip.ParseAddr(value)
		switch {
		case err != nil || !six && address.Is4():
			own = append(own, value)
		case six && address.Is6():
			own = append(own, "["+value+"]")
		}
	}
	return own, len(own) > 0 || len(values) == 0
}

// quoted is a value of dnsmasq's configuration. Where a character of it would mean something, quotes keep it from that,
// and backslashes keep quotes and themselves (read_file in dnsmasq's option.c). Commas stay what they are: they part
// values.
func quoted(value string) string {
	if !strings.ContainsAny(value, "\"\\# \t") {
		return value
	}
	parts := strings.Split(value, ",")
	for i, part := range parts {
		if strings.ContainsAny(part, "\"\\# \t") {
			parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(part) + `"`
		}
	}
	return strings.Join(parts, ",")
}

func quotedAll(values []string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = quoted(value)
	}
	return out
}

// hosts has the form of /etc/hosts.
func (i *Instance) hosts() string {
	var out strings.Builder
	out.WriteString(head)
	for _, record := range list(i.HostRecords) {
		for _, address := range list(record.Addresses) {
			fmt.Fprintf(&out, "%s %s\n", address, record.Name)
		}
	}
	return out.String()
}

func (i *Instance) servers() string {
	var out strings.Builder
	out.WriteString(head)
	for _, server := range list(i.Upstream) {
		out.WriteString("server=" + server + "\n")
	}
	return out.String()
}
