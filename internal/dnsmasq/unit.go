package dnsmasq

// unitFile is the template of all instances' services.
const unitFile = "/etc/systemd/system/hostnet-dnsmasq@.service"

// UnitName is the service of one instance.
func UnitName(link string) string { return "hostnet-dnsmasq@" + link + ".service" }

// unitText starts dnsmasq as a daemon, since it forks only once it is ready and otherwise says why not. It needs
// capabilities to bind low ports, to set ARP entries for clients without an address, to answer on raw sockets, and to
// change to its user; whoever it becomes must write the leases that another user may have left. It is not ordered after
// network.target, which waits for hostnet.service, which waits for it. The plus is for kill, which needs a capability
// that dnsmasq does not: its process belongs to another user.
const unitText = head + `[Unit]
Description=DHCP and DNS on %i
Documentation=man:dnsmasq(8)
Before=lxc.service
StartLimitIntervalSec=0

[Service]
Type=forking
PIDFile=/run/hostnet/dnsmasq-%i.pid
ExecStartPre=/usr/sbin/dnsmasq --test --conf-file=/etc/hostnet/dnsmasq/%i/dnsmasq.conf
ExecStart=/usr/sbin/dnsmasq --conf-file=/etc/hostnet/dnsmasq/%i/dnsmasq.conf
ExecReload=+/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
RuntimeDirectory=hostnet
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
UMask=0022
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_CHOWN CAP_DAC_OVERRIDE
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/var/lib/misc
ProtectHome=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`
