#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: bridge
short_description: Bridges network interfaces
version_added: 1.0.0
description:
  - Makes a bridge and attaches the ports that are listed. Ports of containers and virtual machines are never removed from the bridge, and a bridge
      with ports is never deleted to be made again.
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
  stp:
    description:
      - Whether the spanning tree protocol runs.
    type: bool
  priority:
    description:
      - The bridge's priority in the spanning tree; the lowest is the root. From 0 to 65535.
    type: int
  forward_delay:
    description:
      - How long a port listens and learns before it forwards. With O(stp) the kernel takes 2 to 30. In seconds, fractions allowed.
    type: float
  hello_time:
    description:
      - The time between spanning tree messages, from 1 to 10. In seconds, fractions allowed.
    type: float
  max_age:
    description:
      - How long a spanning tree message counts, from 6 to 40. In seconds, fractions allowed.
    type: float
  ageing_time:
    description:
      - How long a learned address is remembered. In seconds, fractions allowed.
    type: float
  group_fwd_mask:
    description:
      - Bits for the link-local groups 01:80:c2:00:00:0X that are forwarded; the kernel refuses the lowest three. From 0 to 65535.
    type: int
  group_address:
    description:
      - 'The address that spanning tree messages go to: 01:80:c2:00:00:00, or one that ends in 4 to f.'
    type: str
  vlan_filtering:
    description:
      - Whether ports pass only their own VLANs.
    type: bool
  vlan_default_pvid:
    description:
      - The VLAN that new ports get untagged; 0 is none. From 0 to 4094.
    type: int
  vlan_protocol:
    description:
      - The tags that filtering looks at.
    type: str
    choices:
      - 802.1q
      - 802.1ad
  vlan_stats_enabled:
    description:
      - Whether traffic is counted for each VLAN.
    type: bool
  vlan_stats_per_port:
    description:
      - Whether traffic is counted for each VLAN of each port. The kernel takes it only while no port has a VLAN.
    type: bool
  mcast_router:
    description:
      - 'Whether the bridge counts as a multicast router: 0 never, 1 when one is seen, 2 always. From 0 to 2.'
    type: int
  mcast_snooping:
    description:
      - Whether multicast goes only to the ports that asked for it.
    type: bool
  mcast_vlan_snooping:
    description:
      - Whether O(mcast_snooping) works for each VLAN apart.
    type: bool
  mcast_query_use_ifaddr:
    description:
      - Whether queries carry the bridge's address rather than 0.0.0.0.
    type: bool
  mcast_querier:
    description:
      - Whether the bridge asks for group memberships itself.
    type: bool
  mcast_hash_max:
    description:
      - How many groups are remembered. From 1 to 4294967295.
    type: int
  mcast_last_member_count:
    description:
      - How many queries follow a leave before the group is dropped. From 0 to 4294967295.
    type: int
  mcast_startup_query_count:
    description:
      - How many queries are sent at the start. From 0 to 4294967295.
    type: int
  mcast_last_member_interval:
    description:
      - The time between queries after a leave. In seconds, fractions allowed.
    type: float
  mcast_membership_interval:
    description:
      - The time after which a membership is dropped. In seconds, fractions allowed.
    type: float
  mcast_querier_interval:
    description:
      - The time after which another querier counts as gone. In seconds, fractions allowed.
    type: float
  mcast_query_interval:
    description:
      - The time between queries, from a second to a day. In seconds, fractions allowed.
    type: float
  mcast_query_response_interval:
    description:
      - The time that members have to answer. In seconds, fractions allowed.
    type: float
  mcast_startup_query_interval:
    description:
      - The time between queries at the start, from a second to a day. In seconds, fractions allowed.
    type: float
  mcast_stats_enabled:
    description:
      - Whether IGMP and MLD are counted.
    type: bool
  mcast_igmp_version:
    description:
      - The version of IGMP. From 2 to 3.
    type: int
  mcast_mld_version:
    description:
      - The version of MLD. From 1 to 2.
    type: int
  nf_call_iptables:
    description:
      - Whether bridged IPv4 passes the host's firewall.
    type: bool
  nf_call_ip6tables:
    description:
      - Whether bridged IPv6 passes the host's firewall.
    type: bool
  nf_call_arptables:
    description:
      - Whether bridged ARP passes the host's firewall.
    type: bool
  mst_enabled:
    description:
      - Whether each VLAN has a spanning tree state of its own. The kernel takes a change only while no port has a VLAN.
    type: bool
  no_linklocal_learn:
    description:
      - Whether addresses of link-local frames are not learned.
    type: bool
  fdb_max_learned:
    description:
      - How many addresses may be learned; 0 is no limit. From 0 to 4294967295. Needs Linux 6.7.
    type: int
  mdb_offload_fail_notification:
    description:
      - Whether the kernel tells of groups that a switch's hardware did not take. Needs Linux 6.16.
    type: bool
  fdb_local_vlan_0:
    description:
      - Whether the host's own addresses are known for all VLANs at once instead of one by one. Needs Linux 6.18.
    type: bool
  vlans:
    description:
      - Exactly the VLANs that the bridge itself takes part in, as the host sees it.
    type: list
    elements: raw
    suboptions:
      vid:
        description:
          - A VLAN from 1 to 4094, or a range such as 20-29.
        type: str
        required: true
      pvid:
        description:
          - Whether untagged frames that come in belong to the VLAN.
        type: bool
      untagged:
        description:
          - Whether frames of the VLAN leave untagged.
        type: bool
  ports:
    description:
      - 'The ports of the bridge: names, or dictionaries with a name and options. Others stay, see O(exclusive_ports).'
    type: list
    elements: raw
    suboptions:
      name:
        description:
          - The port's name.
        type: str
        required: true
      optional:
        description:
          - Whether the controller does without the port where there is no such link, without a warning. It is taken in when it comes.
        type: bool
        default: false
      cost:
        description:
          - The port's path cost in the spanning tree. The kernel derives it from the speed until it is set. From 1 to 65535.
        type: int
      priority:
        description:
          - The port's priority in the spanning tree. From 0 to 63.
        type: int
      hairpin:
        description:
          - Whether frames may leave by the port that they came in by.
        type: bool
      isolated:
        description:
          - Whether the port reaches only ports that are not isolated.
        type: bool
      learning:
        description:
          - Whether addresses are learned on the port.
        type: bool
      flood:
        description:
          - Whether unicast frames to unknown addresses leave by the port.
        type: bool
      mcast_flood:
        description:
          - Whether multicast frames that nobody asked for leave by the port.
        type: bool
      bcast_flood:
        description:
          - Whether broadcast frames leave by the port.
        type: bool
      neigh_suppress:
        description:
          - Whether the bridge answers ARP and neighbour discovery for others on the port.
        type: bool
      neigh_vlan_suppress:
        description:
          - Whether O(ports[].neigh_suppress) is set for each VLAN apart. Needs Linux 6.4.
        type: bool
      guard:
        description:
          - Whether a spanning tree message takes the port down.
        type: bool
      root_block:
        description:
          - Whether the port may not become the root port.
        type: bool
      fast_leave:
        description:
          - Whether a leave ends a group on the port at once.
        type: bool
      proxy_arp:
        description:
          - Whether the bridge answers ARP on the port.
        type: bool
      proxy_arp_wifi:
        description:
          - Whether the bridge answers ARP on the port as IEEE 802.11 and Hotspot 2.0 want it.
        type: bool
      mcast_to_unicast:
        description:
          - Whether multicast leaves the port as unicast to each member.
        type: bool
      mcast_router:
        description:
          - 'Whether a multicast router is behind the port: 0 never, 1 when one is seen, 2 always, 3 for a while. From 0 to 3.'
        type: int
      mcast_max_groups:
        description:
          - How many groups the port may join; 0 is no limit. From 0 to 4294967295. Needs Linux 6.3.
        type: int
      vlan_tunnel:
        description:
          - Whether VLANs are mapped to tunnel numbers on the port.
        type: bool
      group_fwd_mask:
        description:
          - Bits for the link-local groups 01:80:c2:00:00:0X that are forwarded; the kernel refuses 2, of pause frames. From 0 to 65535.
        type: int
      locked:
        description:
          - Whether the port takes frames only from addresses that are in the forwarding table.
        type: bool
      mab:
        description:
          - Whether a locked port notes the addresses that it refuses. Needs Linux 6.2.
        type: bool
      backup_port:
        description:
          - The port of the same bridge that frames leave by while this one has no carrier. An empty string removes it.
        type: str
      backup_nhid:
        description:
          - The nexthop group that a frame takes to O(ports[].backup_port); 0 is none. From 0 to 4294967295. Needs Linux 6.6.
        type: int
      vlans:
        description:
          - Exactly the VLANs of the port.
        type: list
        elements: raw
        suboptions:
          vid:
            description:
              - A VLAN from 1 to 4094, or a range such as 20-29.
            type: str
            required: true
          pvid:
            description:
              - Whether untagged frames that come in belong to the VLAN.
            type: bool
          untagged:
            description:
              - Whether frames of the VLAN leave untagged.
            type: bool
  exclusive_ports:
    description:
      - Whether ports that are not listed are released. The interfaces of containers and virtual machines always stay.
    type: bool
    default: false
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
  - module: hostnet.linux.lxc_bridge
  - module: hostnet.linux.bond
  - module: hostnet.linux.vlan
"""

EXAMPLES = r"""
- name: The management bridge of a container host
  hostnet.linux.bridge:
    name: br-mgmt
    stp: false
    forward_delay: 0
    ports: [eth0]

- name: A bridge that filters VLANs
  hostnet.linux.bridge:
    name: br-trunk
    vlan_filtering: true
    ports:
      - name: eth1
        vlans:
          - vid: 10
            pvid: true
            untagged: true
          - vid: 20-29
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
bridges:
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
