//go:build vm

package vmtest

// neighbour is a program of Debian's that has rules or links of its own on the same host.
type neighbour struct {
	name string
	// start configures it as its operator does, with what our warnings tell to open, and starts it, also at boot; wake is
	// what it takes besides that it runs after a boot; stop ends it and what it leaves behind.
	start, wake, stop string
	// files are its own, and uplink tells that it sets up the host's card, too.
	files  string
	uplink bool
	// traces is in the lines that it keeps by itself of what we ask of it.
	traces string
}

// neighbours are the programs that operators have beside containers.
var neighbours = []neighbour{
	{
		name: "ufw", files: "/etc/ufw /etc/default/ufw",
		start: `ufw allow 22/tcp; ufw allow in on lxcbr0 to any port 53; ufw allow in on lxcbr0 to any port 67 proto udp
ufw route allow in on lxcbr0; ufw route allow out on lxcbr0; ufw --force enable; systemctl enable -q --now ufw`,
		stop: `ufw --force reset; systemctl disable -q --now ufw; rm -f /etc/ufw/*.2*`,
	},
	{
		name: "iptables-legacy", files: "/etc/legacy.rules",
		start: `printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT ACCEPT [0:0]' '-A INPUT -p tcp -m tcp --dport 9999 -j DROP' \
  '-A FORWARD -i lxcbr0 -j ACCEPT' '-A FORWARD -o lxcbr0 -j ACCEPT' COMMIT >/etc/legacy.rules
printf '%s\n' '[Service]' Type=oneshot RemainAfterExit=yes 'ExecStart=iptables-legacy-restore /etc/legacy.rules' '[Install]' WantedBy=multi-user.target \
  >/etc/systemd/system/legacy.service
systemctl daemon-reload; systemctl enable -q --now legacy`,
		stop: `systemctl disable -q --now legacy; rm /etc/legacy.rules /etc/systemd/system/legacy.service; systemctl daemon-reload
iptables-legacy -P FORWARD ACCEPT; iptables-legacy -F`,
	},
	{
		name: "nftables.service", files: "/etc/nftables.conf",
		start: `cp -n /etc/nftables.conf /root/nftables.conf; printf '%s\n' 'flush ruleset' 'table inet filter {' \
  ' chain input { type filter hook input priority filter; tcp dport 9999 drop; }' ' chain forward { type filter hook forward priority filter; }' '}' >/etc/nftables.conf
systemctl enable -q nftables; systemctl restart nftables`,
		stop: `systemctl disable -q --now nftables; mv /root/nftables.conf /etc/nftables.conf`,
	},
	{
		// It makes the chains of a zone when that has its first interface, and keeps them, and the zone's file, when that
		// goes.
		name: "firewalld", files: "/etc/firewalld", traces: "trusted",
		start: `systemctl enable -q --now firewalld`,
		stop:  `systemctl disable -q --now firewalld`,
	},
	{
		name: "docker.io", files: "/etc/docker",
		start: `systemctl enable -q --now docker`,
		stop:  `systemctl disable -q --now docker docker.socket containerd; ip link delete docker0`,
	},
	{
		name: "fail2ban", files: "/etc/fail2ban",
		start: `systemctl enable -q --now fail2ban; for i in $(seq 60); do fail2ban-client ping && break; sleep 1; done; fail2ban-client set sshd banip 203.0.113.9`,
		wake:  `for i in $(seq 60); do fail2ban-client status sshd | grep -q 203.0.113.9 && break; sleep 1; done`,
		stop:  `fail2ban-client unban --all; systemctl disable -q --now fail2ban`,
	},
	{
		name: "libvirt", files: "/etc/libvirt",
		start: `systemctl enable -q --now libvirtd; virsh net-info default || virsh net-define /usr/share/libvirt/networks/default.xml
virsh net-autostart default; virsh net-start default; ip link show virbr0`,
		wake: `virsh net-list`,
		stop: `virsh net-autostart --disable default; virsh net-destroy default; systemctl disable -q --now libvirtd libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket`,
	},
	{
		name: "incus", files: "/etc/default/incus",
		start: `systemctl enable -q --now incus.socket; incus network show incusbr0 || incus network create incusbr0 ipv4.address=10.77.0.1/24 ipv4.nat=true ipv6.address=none
ip link show incusbr0`,
		wake: `incus network list`,
		stop: `incus network delete incusbr0; systemctl disable -q --now incus.socket incus.service incus-user.socket`,
	},
	{
		name: "NetworkManager", files: "/etc/NetworkManager", uplink: true,
		start: `printf '%s\n' '[connection]' id=wan type=ethernet interface-name=eth0 '[ipv4]' method=manual address1=192.0.2.1/24,192.0.2.254 '[ipv6]' method=link-local \
  >/etc/NetworkManager/system-connections/wan.nmconnection
chmod 600 /etc/NetworkManager/system-connections/wan.nmconnection; systemctl enable -q NetworkManager; systemctl restart NetworkManager`,
		stop: `systemctl disable -q --now NetworkManager; rm /etc/NetworkManager/system-connections/*`,
	},
	{
		name: "systemd-networkd", files: "/etc/systemd/network", uplink: true,
		start: `mkdir -p /etc/systemd/network; printf '%s\n' '[Match]' Name=eth0 '[Network]' Address=192.0.2.1/24 Gateway=192.0.2.254 >/etc/systemd/network/wan.network
systemctl enable -q systemd-networkd; systemctl restart systemd-networkd`,
		stop: `systemctl disable -q --now systemd-networkd systemd-networkd.socket; rm /etc/systemd/network/wan.network`,
	},
	{
		name: "systemd-resolved", files: "/etc/systemd/resolved.conf /etc/resolv.conf",
		start: `systemctl enable -q --now systemd-resolved`,
		stop:  `systemctl disable -q --now systemd-resolved`,
	},
}
