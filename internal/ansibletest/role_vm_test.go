//go:build vm

package ansibletest

import (
	"strings"
	"testing"
)

const rolePlay = `- hosts: all
  gather_facts: false
  roles:
    - role: hostnet.linux.lxc_host
`

// testRole gives the role the variables of OpenStack-Ansible, and looks at what a check says would be done.
func testRole(t *testing.T, l lab) {
	for name, c := range map[string]struct {
		variables string
		want      []string
	}{
		"defaults": {`
        lxc_net_gateway: null
        lxc_net6_address: null
        lxc_net6_netmask: null
`, []string{"address 10.0.3.1/24 on lxcbr0", "dhcp-range=10.0.3.2,10.0.3.253,255.255.255.0,1h", "dhcp-lease-max=253",
			"masquerade", "lxc.net.0.link = lxcbr0"}},
		"all of them": {`
        lxc_net_bridge: lxcbr7
        lxc_net_address: 10.7.0.1
        lxc_net_netmask: 255.255.252.0
        lxc_net_dhcp_range: 10.7.0.2,10.7.0.99
        lxc_net_dhcp_max: "300"
        lxc_net_dhcp_config: /dev/null
        lxc_net_domain: osa.example
        lxc_net_mtu: 1400
        lxc_net_nat: "false"
        lxc_net_gateway: 10.7.0.254
        lxc_net6_address: fd05::1
        lxc_net6_netmask: "64"
        lxc_net6_nat: true
        lxc_container_net_name: net0
`, []string{
			"address 10.7.0.1/22 on lxcbr7", "address fd05::1/64 on lxcbr7", "dhcp-range=10.7.0.2,10.7.0.99,255.255.252.0,1h",
			"dhcp-lease-max=300",
			"conf-file=/dev/null", "domain=osa.example", "26,1400", "3,10.7.0.254", "ip6 saddr fd05::/64",
			"lxc.net.0.link = lxcbr7", "lxc.net.0.name = net0",
			"lxc.net.0.mtu = 1400",
		}},
	} {
		outcome := l.Play(t, rolePlay+"      vars:"+c.variables, "--check")
		text := ""
		for _, result := range outcome.Results {
			text += result.Text("actions")
		}
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: without %q: %s\n%s", name, part, text, outcome.Output)
			}
		}
	}
	wrong := l.Play(t, rolePlay+"      vars:\n        lxc_net_nat: perhaps\n        lxc_host_state: gone\n", "--check")
	if !wrong.Failed || !strings.Contains(wrong.Output, "lxc_net_nat") ||
		!strings.Contains(wrong.Output, "lxc_host_state") {
		t.Errorf("wrong variables: %s", wrong.Output)
	}
	if text, err := l.Doc(t, "-t", "role", "hostnet.linux.lxc_host"); err != nil ||
		!strings.Contains(text, "lxc_net_dhcp_range") {
		t.Errorf("ansible-doc: %v\n%s", err, text)
	}
}

// testRemoval takes the collection off the host: the network stays, and nothing of ours.
func testRemoval(t *testing.T, l lab) {
	l.ok(t, "hostnet.linux.dummy: {name: d0, addresses: [192.0.2.1/24]}")
	l.host.MustRun(t, "hostnet cat d0 && test -e /etc/hostnet/dummies/d0.yml && systemctl is-enabled hostnet")
	const play = "- hosts: all\n  gather_facts: false\n  become: true\n  roles: [hostnet.linux.hostnet_remove]\n"
	if outcome := l.Play(t, play); outcome.Failed {
		t.Fatal(outcome.Output)
	}
	if address := l.host.MustRun(t, "ip -br address show dev d0"); !strings.Contains(address, "192.0.2.1/24") {
		t.Errorf("the network: %s", address)
	}
	left := l.host.MustRun(t, "find /etc /home /root/.cache /run /usr/local /var/cache /var/lib /var/tmp -name '*hostnet*'; "+
		"systemctl list-units --all --no-legend 'hostnet*'")
	if left != "" {
		t.Errorf("left behind: %s", left)
	}
}
