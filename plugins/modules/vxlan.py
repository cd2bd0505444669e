#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: vxlan
short_description: Makes VXLANs
version_added: 1.0.0
description:
  - Makes a VXLAN tunnel, to one far end, to a multicast group, or to the far ends that are listed.
author:
  - The hostnet.linux authors (@hostnet)
options:
  name:
    description:
      - The link's name.
    type: str
    required: true
  state:
    description:
      - Whether the link is to be there.
    type: str
    default: present
    choices:
      - present
      - absent
  id:
    description:
      - The VXLAN network identifier. Needed to make a VXLAN, but for O(external) ones. From 0 to 16777215.
    type: int
  parent:
    description:
      - The link that the tunnel's packets leave by; without one, the routes decide. An empty string removes it.
    type: str
  local:
    description:
      - This host's end of the tunnel. An empty string removes it.
    type: str
  remote:
    description:
      - The far end of the tunnel. Not together with O(group). An empty string removes it.
    type: str
  group:
    description:
      - The multicast group that stands for all far ends. Needs O(parent). An empty string removes it.
    type: str
  dst_port:
    description:
      - The UDP port that the tunnel ends listen on. The kernel's own choice is 8472, the standard's 4789. From 1 to 65535.
    type: int
  port_range:
    description:
      - The UDP ports to send from, such as 32768-61000.
    type: str
  ttl:
    description:
      - The hop limit of the outer packets; 0 lets the kernel choose. From 0 to 255.
    type: int
  ttl_inherit:
    description:
      - Whether the hop limit is that of the inner packet.
    type: bool
  tos:
    description:
      - The type of service of the outer packets; 1 is that of the inner packet. From 0 to 255.
    type: int
  df:
    description:
      - The don't-fragment bit of the outer packets.
    type: str
    choices:
      - unset
      - set
      - inherit
  flow_label:
    description:
      - The flow label of outer IPv6 packets. From 0 to 1048575.
    type: int
  ageing:
    description:
      - Seconds for which a learned address is remembered. From 1 to 4294967295.
    type: int
  limit:
    description:
      - How many addresses may be learned; 0 is no limit. From 0 to 4294967295.
    type: int
  learning:
    description:
      - Whether far ends are learned from what arrives.
    type: bool
  proxy:
    description:
      - Whether ARP and neighbour discovery are answered for far ends.
    type: bool
  rsc:
    description:
      - Whether frames to a router are routed at once (route short circuit).
    type: bool
  l2miss:
    description:
      - Whether unknown MAC addresses are reported over netlink.
    type: bool
  l3miss:
    description:
      - Whether unknown IP addresses are reported over netlink.
    type: bool
  udp_csum:
    description:
      - Whether outer IPv4 packets carry a UDP checksum.
    type: bool
  udp_zero_csum6_tx:
    description:
      - Whether outer IPv6 packets leave without a UDP checksum.
    type: bool
  udp_zero_csum6_rx:
    description:
      - Whether outer IPv6 packets are taken without a UDP checksum.
    type: bool
  remcsum_tx:
    description:
      - Whether checksums are offloaded to the far end.
    type: bool
  remcsum_rx:
    description:
      - Whether far ends may offload checksums to this one.
    type: bool
  external:
    description:
      - Whether routes or filters, rather than this link, say where packets go.
    type: bool
  vnifilter:
    description:
      - Whether an O(external) VXLAN takes only the identifiers that were added to it.
    type: bool
  gbp:
    description:
      - Whether the group policy extension is spoken.
    type: bool
  gpe:
    description:
      - Whether the generic protocol extension is spoken.
    type: bool
  localbypass:
    description:
      - Whether packets to a VXLAN on this host skip the network. Needs Linux 6.4.
    type: bool
  reserved_bits:
    description:
      - The bits of the header that must be 0 in packets that arrive. The kernel's own choice is all that it has no meaning for, such as
          0xf7ffffff000000ff. Needs Linux 6.14.
    type: str
  fdb:
    description:
      - Exactly the static entries that point to far ends, beside the one that O(remote) or O(group) makes. Several entries for 00:00:00:00:00:00
          send unknown and many-destination frames to each (head-end replication).
    type: list
    elements: dict
    suboptions:
      mac_address:
        description:
          - The address whose frames go to the far end.
        type: str
        default: "00:00:00:00:00:00"
      dst:
        description:
          - The far end of the tunnel.
        type: str
        required: true
      port:
        description:
          - The far end's UDP port, where it is not the VXLAN's. From 1 to 65535.
        type: int
      vni:
        description:
          - The far end's VXLAN network identifier, where it is not the VXLAN's. From 0 to 16777215.
        type: int
      via:
        description:
          - The link that the tunnel's packets leave by.
        type: str
  required:
    description:
      - Whether the boot waits for the link, its ports and its addresses, up to two minutes, ahead of C(network-online.target).
    type: bool
    default: false
  up:
    description:
      - Whether the link is administratively up.
    type: bool
    default: true
  mtu:
    description:
      - The largest packet in bytes, without the Ethernet header. A VLAN or macvlan that declares none follows its parent. From 68 to 2147483647.
    type: int
  mac_address:
    description:
      - The MAC address.
    type: str
  accept_ra:
    description:
      - 'Whether IPv6 router advertisements are taken: 0 never, 1 unless the link forwards, 2 always. From 0 to 2.'
    type: int
  proxy_arp:
    description:
      - Whether ARP is answered for hosts on other links.
    type: bool
  rp_filter:
    description:
      - 'Whether packets whose answer would leave elsewhere are dropped: 0 no, 1 strict, 2 loose. From 0 to 2.'
    type: int
  forwarding:
    description:
      - Whether IPv4 and IPv6 packets that arrive here are forwarded.
    type: bool
  addresses:
    description:
      - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left alone.
    type: list
    elements: raw
    suboptions:
      address:
        description:
          - The address with the length of its network, such as 172.29.236.11/22. With O(addresses[].peer), the length is that of the peer's network.
        type: str
        required: true
      peer:
        description:
          - The address of the far end of a point-to-point link.
        type: str
      broadcast:
        description:
          - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the kernel
              knows the network's broadcast address without.
        type: str
      label:
        description:
          - The IPv4 address's label, such as eth0:1, at most 15 bytes. Left out, a new address gets the link's name.
        type: str
      scope:
        description:
          - How far the IPv4 address reaches. Left out, a new address gets V(host) in 127.0.0.0/8 and else V(global). One of V(global), V(host),
              V(link), V(nowhere), V(site), or a number to 255.
        type: str
      metric:
        description:
          - The metric of the route to the address's network; 0 is the kernel's own. From 0 to 4294967295.
        type: int
      preferred_lifetime:
        description:
          - V(0) makes the address a deprecated one, which no new connection starts from; V(forever) undoes that.
        type: str
        choices:
          - "0"
          - forever
      noprefixroute:
        description:
          - Whether the kernel is not to make a route to the address's network.
        type: bool
      nodad:
        description:
          - Whether the IPv6 address is used without asking the link first whether another host has it.
        type: bool
      home:
        description:
          - Whether the IPv6 address is the home address of Mobile IPv6.
        type: bool
      mngtmpaddr:
        description:
          - Whether the kernel makes temporary addresses from the IPv6 address, whose prefix must be 64 bits long.
        type: bool
      autojoin:
        description:
          - Whether the kernel joins the group that the address, a multicast one, stands for.
        type: bool
  routes:
    description:
      - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing daemons,
          are left alone.
    type: list
    elements: dict
    suboptions:
      to:
        description:
          - 'The destination: a network such as 10.1.0.0/16, an address, or V(default).'
        type: str
        required: true
      via:
        description:
          - The gateway. Left out, the destination is directly connected.
        type: str
      onlink:
        description:
          - Whether the gateway counts as directly connected although no address of the link is in its network.
        type: bool
      nexthops:
        description:
          - Several ways out, over which traffic is spread. All leave through this link; for several links, declare the route by itself.
        type: list
        elements: raw
        suboptions:
          via:
            description:
              - The gateway.
            type: str
          weight:
            description:
              - The share of the traffic. From 1 to 256.
            type: int
            default: 1
          onlink:
            description:
              - Whether the gateway counts as directly connected.
            type: bool
            default: false
      family:
        description:
          - The family of a default route that has no gateway to tell, and of an IPv4 route with an IPv6 gateway.
        type: str
        choices:
          - inet
          - inet6
      type:
        description:
          - What becomes of the traffic. V(blackhole), V(unreachable) and V(prohibit) discard it; V(throw) ends the look-up in this table.
        type: str
        default: unicast
        choices:
          - unicast
          - local
          - blackhole
          - unreachable
          - prohibit
          - throw
      table:
        description:
          - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to 4294967295.
        type: str
        default: main
      metric:
        description:
          - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics are
              two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
        type: int
      src:
        description:
          - The address of this host that connections over the route start from, or V(none).
        type: str
      scope:
        description:
          - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type V(local),
              and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
        type: str
      tos:
        description:
          - The type of service that an IPv4 packet must have to take the route; 0 is any. From 0 to 255.
        type: int
      pref:
        description:
          - The preference of an IPv6 route among those with the same metric (RFC 4191).
        type: str
        choices:
          - low
          - medium
          - high
      mtu:
        description:
          - The largest packet to send over the route, in bytes. 0 is none. From 0 to 65535.
        type: int
      advmss:
        description:
          - The largest TCP segment to ask the other side for, in bytes. 0 is none. From 0 to 65535.
        type: int
      window:
        description:
          - The largest TCP window to advertise, in bytes. 0 is none. From 0 to 1073741824.
        type: int
      hoplimit:
        description:
          - The hop limit or time to live of packets. 0 is none. From 0 to 255.
        type: int
      initcwnd:
        description:
          - The initial TCP congestion window, in segments. 0 is none. From 0 to 65535.
        type: int
      initrwnd:
        description:
          - The initial TCP receive window, in segments. 0 is none. From 0 to 65535.
        type: int
      rto_min:
        description:
          - The smallest TCP retransmission timeout, in milliseconds. 0 is none. From 0 to 1073741824.
        type: int
      quickack:
        description:
          - Whether TCP acknowledges at once.
        type: bool
      fastopen_no_cookie:
        description:
          - Whether TCP Fast Open works without a cookie.
        type: bool
      congctl:
        description:
          - The TCP congestion control algorithm, such as V(cubic).
        type: str
  netns:
    description:
      - 'The network namespace to work in: a name under /run/netns, a path, or the number of a process in it. Left out, the host''s.'
    type: str
  confirm:
    description:
      - The change undoes itself unless the controller reaches the host again, over a new connection, and confirms it. A mode alone may be given
          instead.
    type: raw
    suboptions:
      mode:
        description:
          - Whether a change waits for the controller to reach the host again. V(auto) does so for changes to a link, an address or a route on the
              path of the SSH connection that the task came over.
        type: str
        default: auto
        choices:
          - auto
          - "on"
          - "off"
      timeout:
        description:
          - After how many seconds without a confirmation the change undoes itself. From 5 to 3600.
        type: int
        default: 60
      host:
        description:
          - The address or name at which the controller finds the host after the change, for a change of the management address itself. Left out,
              where it found it before. Tasks that follow need it as C(ansible_host).
        type: str
      port:
        description:
          - The port of SSH there. Left out, the one from before. From 1 to 65535.
        type: int
  probes:
    description:
      - Checks from the host that must pass after the change, or it is undone. Those that did not pass before are not held against it.
    type: dict
    suboptions:
      gateway:
        description:
          - Ping the gateway of each default route, IPv4 and IPv6.
        type: bool
      controller:
        description:
          - Ping the address that the SSH connection came from.
        type: bool
      tcp:
        description:
          - 'Open TCP connections to these, each an address and a port: C(192.0.2.1:443), C([2001:db8::1]:443).'
        type: list
        elements: str
      dns:
        description:
          - Resolve these names.
        type: list
        elements: dict
        suboptions:
          server:
            description:
              - The address of the DNS server.
            type: str
            required: true
          name:
            description:
              - The name to resolve.
            type: str
            required: true
      force:
        description:
          - Hold a check against the change even if it did not pass before.
        type: bool
        default: false
  persist:
    description:
      - Whether to keep what is declared in /etc/hostnet, and to apply it at boot. With V(networkd), systemd-networkd does that, from files in
          /etc/systemd/network that say the same, for all that is kept on this host; what it has no setting for is an error. Left out, what is kept
          already decides. Namespaces other than the host's are not kept.
    type: str
    default: "true"
    choices:
      - "true"
      - "false"
      - networkd
  manager:
    description:
      - What to do when systemd-networkd, NetworkManager, ifupdown or netplan sets up one of the links as well. V(takeover) takes the links, and
          their ports, out of its hands, until they are declared absent; V(release) gives them back.
    type: str
    default: warn
    choices:
      - warn
      - takeover
      - release
  replace:
    description:
      - Whether the task's objects are declared exactly so, and what earlier tasks declared of them is forgotten. Otherwise an option that is left
          out stays as it was declared before, and an option that is null is not managed any more.
    type: bool
    default: false
  watch:
    description:
      - 'Whether hostnet-watch.service puts back on this host what is declared and was taken away: V(repair) rules, such as after a restart of
          nftables or Docker, and what waited for a link that was missing; V(enforce) everything; V(false) nothing. Left out, it stays as it is on
          this host, or is V(repair) where something declared needs it.'
    type: str
    choices:
      - repair
      - enforce
      - "false"
  return:
    description:
      - 'What is returned of the links that the task declares, as they are afterwards: the options that the task gives (V(declared)), these of links
          that have changed alone (V(changed)), or every option there is (V(full)).'
    type: str
    default: declared
    choices:
      - declared
      - changed
      - full
attributes:
  check_mode:
    description: Shows exactly the steps that a run then performs.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: full
  platform:
    description: Linux 6.1 or newer on amd64 or arm64.
    support: full
    platforms: Linux
notes:
  - 'The target needs neither Python nor C(ip) nor C(nft): the module is a static binary.'
seealso:
  - module: hostnet.linux.network
  - module: hostnet.linux.bridge
"""

EXAMPLES = r"""
- name: A tunnel to two other hosts
  hostnet.linux.vxlan:
    name: vxlan100
    id: 100
    local: 172.29.240.16
    dst_port: 4789
    learning: true
    fdb:
      - dst: 172.29.240.17
      - dst: 172.29.240.18
"""

RETURN = r"""
actions:
  description:
    - The steps in the order in which they run. In check mode, and after a failure, those that would have run.
  returned: when the plan could be made, also if it then failed
  type: list
  elements: dict
  sample:
    - action: change
      changes:
        - new: 50
          old: 100
          option: miimon
      disruption: none
      object: bond bond0
  contains:
    action:
      description:
        - What is done.
      returned: always
      type: str
      sample: change
    object:
      description:
        - The object that it is done to.
      returned: always
      type: str
      sample: bond bond0
    changes:
      description:
        - The options that change.
      returned: when options change
      type: list
      elements: dict
      sample:
        - new: 50
          old: 100
          option: miimon
      contains:
        option:
          description:
            - The option.
          returned: always
          type: str
          sample: miimon
        old:
          description:
            - Its value before; null if it has none.
          returned: always
          type: raw
          sample: 100
        new:
          description:
            - Its value afterwards; null if it has none.
          returned: always
          type: raw
          sample: 50
    disruption:
      description:
        - 'What the step costs the traffic: V(none), V(port flap), V(connections lost), V(link down) or V(recreate). V(connections lost) is what an
            address or a route that goes costs: what runs over it ends.'
      returned: always
      type: str
      sample: none
    cause:
      description:
        - Why it happens. Such steps show what the kernel does by itself along with others, and what is put back after it.
      returned: when nobody has declared it
      type: str
      sample: mtu 1200 of eth0 is below 1280, the least of IPv6
confirm:
  description:
    - How the confirmation over a new connection went.
  returned: when the change had to be confirmed, also if it was rolled back
  type: dict
  sample:
    attempts: 1
    reason: eth0 carries this SSH session
    seconds: 2.1
    verdict: confirmed
  contains:
    verdict:
      description:
        - V(not asked) in check mode; V(confirmed); V(too late), V(failed) or V(unreachable), after which the host undoes the change; or V(unknown),
            when the host has forgotten the change.
      returned: always
      type: str
      sample: confirmed
    seconds:
      description:
        - How long the controller waited, in seconds.
      returned: always
      type: float
      sample: 2.1
    attempts:
      description:
        - How many connections were tried.
      returned: unless the host was unreachable
      type: int
      sample: 1
    reason:
      description:
        - Why a confirmation was asked for.
      returned: unless the host was unreachable
      type: str
      sample: eth0 carries this SSH session
    host:
      description:
        - Where the controller looks for the host after the change.
      returned: when it is given
      type: str
      sample: 192.0.2.99
    port:
      description:
        - The port of SSH there.
      returned: when it is given
      type: int
      sample: 22
    timeout:
      description:
        - After how many seconds the host would undo the change.
      returned: in check mode
      type: int
      sample: 60
    rollback:
      description:
        - What the host would then put back.
      returned: in check mode
      type: list
      elements: str
      sample:
        - 'bond bond0: miimon: 100 again, not 50'
msg:
  description:
    - What went wrong, with which object and option, and what to do about it.
  returned: on failure
  type: str
  sample: 'bonds[0].mode: must be one of balance-rr, active-backup, …, not "802.3": did you mean "802.3ad"?'
problems:
  description:
    - Every problem with the arguments. Nothing was touched.
  returned: on failure, when the arguments are wrong
  type: list
  elements: dict
  sample:
    - message: is the port of two links
      path: bonds[0].ports[1]
  contains:
    path:
      description:
        - The way to the option.
      returned: always
      type: str
      sample: bonds[0].ports[1]
    message:
      description:
        - What is wrong with it.
      returned: always
      type: str
      sample: is the port of two links
vxlans:
  description:
    - These links as they are afterwards, with the options that O(return) asks for, in the form in which M(hostnet.linux.network) takes them.
  returned: when such a link is declared, and O(return) asks for it, but not in check mode
  type: list
  elements: dict
  sample:
    - mtu: 1500
      name: link0
  contains:
    name:
      description:
        - The link's name. Its options have their keys beside it.
      returned: always
      type: str
      sample: link0
"""
