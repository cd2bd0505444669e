#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: bond
short_description: Bonds network interfaces
version_added: 1.0.0
description:
  - Makes a bond of network interfaces, with exactly the ports that are listed, and keeps it as declared.
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
  mode:
    description:
      - How the ports share the traffic. The kernel's own choice is balance-rr.
    type: str
    choices:
      - balance-rr
      - active-backup
      - balance-xor
      - broadcast
      - 802.3ad
      - balance-tlb
      - balance-alb
  miimon:
    description:
      - How often the ports' carrier is looked at; 0 is never. Not together with O(arp_interval). In milliseconds.
    type: int
  updelay:
    description:
      - How long a port must have carrier before it is used. The kernel keeps multiples of O(miimon). In milliseconds.
    type: int
  downdelay:
    description:
      - How long a port may be without carrier before it is given up. The kernel keeps multiples of O(miimon). In milliseconds.
    type: int
  peer_notif_delay:
    description:
      - Milliseconds between two notifications of peers. The kernel keeps multiples of O(miimon). From 0 to 300000.
    type: int
  use_carrier:
    description:
      - Whether O(miimon) asks the network stack for the carrier rather than the driver. Linux 6.18 knows only true.
    type: bool
  arp_interval:
    description:
      - How often the targets are asked by ARP; 0 is never. Not together with O(miimon). In milliseconds.
    type: int
  arp_ip_target:
    description:
      - Up to 16 IPv4 addresses to ask by ARP.
    type: list
    elements: str
  ns_ip6_target:
    description:
      - Up to 16 IPv6 addresses to ask by neighbour solicitation.
    type: list
    elements: str
  arp_validate:
    description:
      - Which ports' ARP probes and replies are validated.
    type: str
    choices:
      - none
      - active
      - backup
      - all
      - filter
      - filter_active
      - filter_backup
  arp_all_targets:
    description:
      - Whether any or all targets must answer for a port to be up.
    type: str
    choices:
      - any
      - all
  arp_missed_max:
    description:
      - How many missed answers take a port down. From 1 to 255.
    type: int
  primary:
    description:
      - The port that is used whenever it is up. An empty string removes it.
    type: str
  primary_reselect:
    description:
      - When the primary becomes the active port again.
    type: str
    choices:
      - always
      - better
      - failure
  fail_over_mac:
    description:
      - Whose MAC address an active-backup bond has.
    type: str
    choices:
      - none
      - active
      - follow
  xmit_hash_policy:
    description:
      - The header fields that are hashed to select the transmit port.
    type: str
    choices:
      - layer2
      - layer3+4
      - layer2+3
      - encap2+3
      - encap3+4
      - vlan+srcmac
  resend_igmp:
    description:
      - How many IGMP reports follow a failover. From 0 to 255.
    type: int
  num_peer_notif:
    description:
      - How many gratuitous ARPs and unsolicited neighbour advertisements follow a failover. From 0 to 255.
    type: int
  all_slaves_active:
    description:
      - Whether frames that arrive on inactive ports are taken.
    type: bool
  min_links:
    description:
      - How many ports must be up for the bond to have carrier. From 0 to 2147483647.
    type: int
  lp_interval:
    description:
      - Seconds between learning packets to the switches of each port. From 1 to 2147483647.
    type: int
  packets_per_slave:
    description:
      - How many packets leave by one port before the next; 0 is at random. From 0 to 65535.
    type: int
  lacp_rate:
    description:
      - Whether the partner is asked for LACPDUs every 30 seconds or every second.
    type: str
    choices:
      - slow
      - fast
  lacp_active:
    description:
      - Whether LACPDUs are sent periodically (active) or only in reply (passive).
    type: bool
  ad_select:
    description:
      - What decides on the active aggregator; V(actor_port_prio) needs Linux 6.18.
    type: str
    choices:
      - stable
      - bandwidth
      - count
      - actor_port_prio
  ad_actor_sys_prio:
    description:
      - The system priority in LACPDUs. From 1 to 65535.
    type: int
  ad_user_port_key:
    description:
      - The upper ten bits of the port key in LACP frames. From 0 to 1023.
    type: int
  ad_actor_system:
    description:
      - The MAC address of the system in LACP frames; zeros are the bond's own.
    type: str
  tlb_dynamic_lb:
    description:
      - Whether flows are moved between ports by their load.
    type: bool
  coupled_control:
    description:
      - Whether LACP couples collecting and distributing. Needs Linux 6.9.
    type: bool
  broadcast_neighbor:
    description:
      - Whether ARP and neighbour discovery leave by every port. Needs Linux 6.17.
    type: bool
  ports:
    description:
      - 'Exactly the ports of the bond: names, or dictionaries with a name and options.'
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
      queue_id:
        description:
          - The transmit queue that leads to this port; 0 is none. From 0 to 65535.
        type: int
      prio:
        description:
          - The port's rank when a new active port is chosen; the highest wins. From -2147483648 to 2147483647.
        type: int
      actor_port_prio:
        description:
          - The port's priority in LACP frames; the lowest is used first. From 0 to 65535. Needs Linux 6.18.
        type: int
  same_card:
    description:
      - What to do when two ports are on one network card, whose failure would take both.
    type: str
    default: warn
    choices:
      - warn
      - fail
      - ignore
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
  - module: hostnet.linux.vlan
"""

EXAMPLES = r"""
- name: Pair the first ports of two cards
  hostnet.linux.bond:
    name: bond0
    mode: active-backup
    miimon: 100
    updelay: 200
    downdelay: 200
    primary: eth0
    ports: [eth0, eth2]

- name: An LACP bond with a fast partner check
  hostnet.linux.bond:
    name: bond1
    mode: 802.3ad
    miimon: 100
    lacp_rate: fast
    xmit_hash_policy: layer3+4
    ports:
      - eth1
      - name: eth3
        queue_id: 2

- name: No bond
  hostnet.linux.bond:
    name: bond1
    state: absent
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
bonds:
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
