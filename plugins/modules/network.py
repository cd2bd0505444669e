#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: network
short_description: Sets up many network objects in one transaction
version_added: 1.0.0
description:
  - Sets up network interfaces, bonds, VLANs, VXLANs, bridges, veth pairs, routes, rules, NAT, DHCP and DNS in one task, with the same options as the
      modules for one object.
  - 'The objects may come in any order and stand on each other to any depth: the plan orders the steps. If one fails, the host is put back as it
      was.'
author:
  - The hostnet.linux authors (@hostnet)
options:
  interfaces:
    description:
      - Links that are there already, such as network cards.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The link's name.
        type: str
      state:
        description:
          - Whether the link is to be there.
        type: str
        default: present
        choices:
          - present
          - absent
      match_mac_address:
        description:
          - Find the link by its permanent MAC address instead of by O(interfaces[].name).
        type: str
      match_pci_address:
        description:
          - Find the link by its PCI address, such as 0000:05:00.1, instead of by O(interfaces[].name).
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(interfaces[].addresses[].peer), the length is that of
                  the peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  dummies:
    description:
      - Dummy links.
    type: list
    elements: dict
    suboptions:
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(dummies[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  bonds:
    description:
      - Bonds.
    type: list
    elements: dict
    suboptions:
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
          - How often the ports' carrier is looked at; 0 is never. Not together with O(bonds[].arp_interval). In milliseconds.
        type: int
      updelay:
        description:
          - How long a port must have carrier before it is used. The kernel keeps multiples of O(bonds[].miimon). In milliseconds.
        type: int
      downdelay:
        description:
          - How long a port may be without carrier before it is given up. The kernel keeps multiples of O(bonds[].miimon). In milliseconds.
        type: int
      peer_notif_delay:
        description:
          - Milliseconds between two notifications of peers. The kernel keeps multiples of O(bonds[].miimon). From 0 to 300000.
        type: int
      use_carrier:
        description:
          - Whether O(bonds[].miimon) asks the network stack for the carrier rather than the driver. Linux 6.18 knows only true.
        type: bool
      arp_interval:
        description:
          - How often the targets are asked by ARP; 0 is never. Not together with O(bonds[].miimon). In milliseconds.
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(bonds[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  vlans:
    description:
      - VLANs.
    type: list
    elements: dict
    suboptions:
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
      parent:
        description:
          - The link that the VLAN is on. Needed to make a VLAN.
        type: str
      id:
        description:
          - The VLAN's number. Needed to make a VLAN. From 0 to 4094.
        type: int
      protocol:
        description:
          - The kind of tag.
        type: str
        choices:
          - 802.1q
          - 802.1ad
      reorder_hdr:
        description:
          - Whether the VLAN's frames look untagged to programs that capture them.
        type: bool
      gvrp:
        description:
          - Whether the VLAN is announced to the switch by GVRP.
        type: bool
      mvrp:
        description:
          - Whether the VLAN is announced to the switch by MVRP.
        type: bool
      loose_binding:
        description:
          - Whether the VLAN keeps its own state when its parent goes up or down.
        type: bool
      bridge_binding:
        description:
          - Whether the VLAN's carrier follows the bridge ports that are in the VLAN.
        type: bool
      ingress_qos_map:
        description:
          - 'Exactly the map of frames'' priorities to the kernel''s that differs from 0. Keys: from 0 to 7. Values: from 0 to 4294967295.'
        type: dict
      egress_qos_map:
        description:
          - 'Exactly the map of the kernel''s priorities to frames'' that differs from 0. Keys: from 0 to 4294967295. Values: from 0 to 7.'
        type: dict
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(vlans[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  vxlans:
    description:
      - VXLANs.
    type: list
    elements: dict
    suboptions:
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
          - The VXLAN network identifier. Needed to make a VXLAN, but for O(vxlans[].external) ones. From 0 to 16777215.
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
          - The far end of the tunnel. Not together with O(vxlans[].group). An empty string removes it.
        type: str
      group:
        description:
          - The multicast group that stands for all far ends. Needs O(vxlans[].parent). An empty string removes it.
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
          - Whether an O(vxlans[].external) VXLAN takes only the identifiers that were added to it.
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
          - Exactly the static entries that point to far ends, beside the one that O(vxlans[].remote) or O(vxlans[].group) makes. Several entries for
              00:00:00:00:00:00 send unknown and many-destination frames to each (head-end replication).
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(vxlans[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  bridges:
    description:
      - Bridges.
    type: list
    elements: dict
    suboptions:
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
          - How long a port listens and learns before it forwards. With O(bridges[].stp) the kernel takes 2 to 30. In seconds, fractions allowed.
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
          - Whether O(bridges[].mcast_snooping) works for each VLAN apart.
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
          - 'The ports of the bridge: names, or dictionaries with a name and options. Others stay, see O(bridges[].exclusive_ports).'
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
              - Whether O(bridges[].ports[].neigh_suppress) is set for each VLAN apart. Needs Linux 6.4.
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
              - The nexthop group that a frame takes to O(bridges[].ports[].backup_port); 0 is none. From 0 to 4294967295. Needs Linux 6.6.
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(bridges[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  veths:
    description:
      - Pairs of virtual Ethernet links.
    type: list
    elements: dict
    suboptions:
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
      peer:
        description:
          - The name of the other end. Needed to make the pair.
        type: str
      peer_netns:
        description:
          - 'The network namespace of the other end: a name under /run/netns, a path, or the number of a process in it. Left out, the other end is in
              the namespace of this one.'
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(veths[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  macvlans:
    description:
      - Macvlans.
    type: list
    elements: dict
    suboptions:
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
      parent:
        description:
          - The link that the macvlan shares. Needed to make a macvlan.
        type: str
      mode:
        description:
          - Who reaches whom among the macvlans of one parent.
        type: str
        choices:
          - private
          - vepa
          - bridge
          - passthru
          - source
      nopromisc:
        description:
          - Whether a passthru macvlan leaves its parent out of promiscuous mode.
        type: bool
      source_macs:
        description:
          - Exactly the senders whose frames a macvlan in mode source takes.
        type: list
        elements: str
      bc_queue_len:
        description:
          - How many broadcast frames may wait on the parent; the largest wish of all its macvlans counts. From 0 to 4294967295.
        type: int
      bc_cutoff:
        description:
          - How many receivers a multicast frame may have to be handled at once rather than from the queue. From -2147483648 to 2147483647. Needs
              Linux 6.4.
        type: int
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(macvlans[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  vrfs:
    description:
      - 'VRFs: routing tables of their own for the links that are their ports.'
    type: list
    elements: dict
    suboptions:
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
      table:
        description:
          - The number of the routing table that the ports use. Needed to make a VRF. From 1 to 4294967295.
        type: int
      ports:
        description:
          - 'Exactly the links of the VRF: names, or dictionaries with a name and options. They keep their addresses.'
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
          - Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left
              alone.
        type: list
        elements: raw
        suboptions:
          address:
            description:
              - The address with the length of its network, such as 172.29.236.11/22. With O(vrfs[].addresses[].peer), the length is that of the
                  peer's network.
            type: str
            required: true
          peer:
            description:
              - The address of the far end of a point-to-point link.
            type: str
          broadcast:
            description:
              - The IPv4 broadcast address to note with the address, or V(none). Left out, a new address gets none, as with C(ip address add); the
                  kernel knows the network's broadcast address without.
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
          - Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router advertisements and routing
              daemons, are left alone.
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
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          metric:
            description:
              - 'The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination with different metrics
                  are two routes. Left out, it is the kernel''s: 0 for IPv4, 1024 for IPv6. From 0 to 4294967295.'
            type: int
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
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
  routes:
    description:
      - Routes, one by one; those that are not listed stay.
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
      dev:
        description:
          - The link to leave through. Left out, the one in whose network the gateway is.
        type: str
      onlink:
        description:
          - Whether the gateway counts as directly connected although no address of the link is in its network.
        type: bool
      nexthops:
        description:
          - Several ways out, over which traffic is spread.
        type: list
        elements: dict
        suboptions:
          via:
            description:
              - The gateway.
            type: str
          dev:
            description:
              - The link to leave through. Left out, the one in whose network the gateway is.
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
      state:
        description:
          - Whether the route is to be there. V(absent) removes every route to the destination in the table that is like all that is given, but for
              those that the kernel makes from addresses and router advertisements.
        type: str
        default: present
        choices:
          - present
          - absent
  rules:
    description:
      - Routing policy rules, one by one; those that are not listed stay.
    type: list
    elements: dict
    suboptions:
      priority:
        description:
          - 'The place of the rule: those with lower numbers are consulted first. Left out, a rule that matches the same is taken whatever its
              priority, and a new one gets the number before the lowest that is in use, not counting 0. From 0 to 4294967295.'
        type: int
      family:
        description:
          - The family of the rule. Required unless O(rules[].from) or O(rules[].to) tells it.
        type: str
        choices:
          - inet
          - inet6
      invert:
        description:
          - Whether the rule is for what does not match (C(not) in C(ip rule)).
        type: bool
        default: false
      from:
        description:
          - The network or address that packets come from. Left out or V(all), any.
        type: str
      to:
        description:
          - The network or address that packets go to. Left out or V(all), any.
        type: str
      iif:
        description:
          - The link that packets come in on; V(lo) is for packets of this host. It need not exist.
        type: str
      oif:
        description:
          - The link that packets of sockets bound to it go out on. It need not exist.
        type: str
      fwmark:
        description:
          - The packet's mark. From 0 to 4294967295.
        type: int
      fwmask:
        description:
          - The bits of the packet's mark that count. Left out, all do. From 1 to 4294967295.
        type: int
      tos:
        description:
          - The packet's type of service; 0 is any. From 0 to 255.
        type: int
      ipproto:
        description:
          - The packet's protocol; 0 is any. One of V(ah), V(dccp), V(esp), V(gre), V(icmp), V(ipv6-icmp), V(sctp), V(tcp), V(udp), or a number to
              255.
        type: str
      sport:
        description:
          - The source port or range of ports, such as 8000-8080. From 1 to 65534.
        type: str
      dport:
        description:
          - The destination port or range of ports. From 1 to 65534.
        type: str
      uidrange:
        description:
          - The number of the user that sends, or a range such as 1000-1999. From 0 to 4294967294.
        type: str
      l3mdev:
        description:
          - Whether the table is that of the VRF which the packet's link belongs to.
        type: bool
        default: false
      action:
        description:
          - What is done with packets that match. Left out, it is V(goto) with O(rules[].goto), and else V(lookup).
        type: str
        choices:
          - lookup
          - goto
          - nop
          - blackhole
          - unreachable
          - prohibit
      table:
        description:
          - The routing table to look into. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
              4294967295.
        type: str
      suppress_prefixlength:
        description:
          - Routes whose prefix is at most that long do not count, such as 0 for all but the default route; -1 is none. From -1 to 128.
        type: int
      goto:
        description:
          - The priority of the rule to go on with, which must be a later one. From 1 to 4294967295.
        type: int
      state:
        description:
          - Whether the rule is to be there. V(absent) removes the rule that matches the same and, of what else is given, is the same.
        type: str
        default: present
        choices:
          - present
          - absent
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
  purge:
    description:
      - Whether to remove what earlier tasks have declared, and kept on this host, and this one does not declare. Never touches what others made.
    type: bool
  lxc_bridges:
    description:
      - Bridges that give containers the outside world, as lxcbr0.
    type: list
    elements: raw
    suboptions:
      name:
        description:
          - The bridge's name.
        type: str
        default: lxcbr0
      state:
        description:
          - Whether it is to be there. V(absent) leaves rules, files, services and settings as they were before the first run.
        type: str
        default: present
        choices:
          - present
          - absent
      address:
        description:
          - The host's IPv4 address on the bridge, with the prefix length.
        type: str
        default: 10.0.3.1/24
      address6:
        description:
          - The host's IPv6 address on the bridge, with the prefix length.
        type: str
      mtu:
        description:
          - The MTU of the bridge, which clients are told too. From 68 to 65535.
        type: int
      mac_address:
        description:
          - The bridge's MAC address. Without a fixed one it would change whenever a container comes or goes.
        type: str
        default: 00:16:3e:00:00:00
      dhcp:
        description:
          - Whether clients get IPv4 addresses.
        type: bool
        default: true
      dhcp_range:
        description:
          - The first and last IPv4 address to hand out, such as 10.0.3.2,10.0.3.253. Left out, it is the whole subnet but the host's own address and
              the last one.
        type: str
      dhcp_range6:
        description:
          - The first and last IPv6 address to hand out when O(lxc_bridges[].ipv6_mode=stateful).
        type: str
      ipv6_mode:
        description:
          - 'How clients get IPv6: V(slaac) by router advertisements alone, V(stateless) with DNS and other options by DHCPv6, V(stateful) with
              addresses by DHCPv6, V(none) not at all. Left out, it is V(slaac) where there is an O(lxc_bridges[].address6).'
        type: str
        choices:
          - slaac
          - stateless
          - stateful
          - none
      lease_time:
        description:
          - 'How long a lease lasts: seconds, or a number with m, h, d or w, or V(infinite). At least two minutes.'
        type: str
        default: 1h
      lease_limit:
        description:
          - The largest number of leases. Left out, it is 253 or, where the range is larger, the size of the range. From 1 to 1048576.
        type: int
      dns:
        description:
          - Whether names are answered, those of the clients among them.
        type: bool
        default: true
      domain:
        description:
          - The domain of the clients. Its names are answered here and never asked for elsewhere.
        type: str
      upstream_servers:
        description:
          - 'The DNS servers to ask, as addresses, with a port after a # or a domain as in /example.com/192.0.2.1. Left out, it is those of the
              host''s /etc/resolv.conf.'
        type: list
        elements: str
      dhcp_options:
        description:
          - DHCP options by name (router, dns_server, mtu, ntp_server, domain_search…) or number, each with a value or a list. An empty list keeps
              the option back. IPv6 clients are told domain_search, or else O(lxc_bridges[].domain), and the IPv6 addresses of dns_server and
              ntp_server.
        type: dict
      static_leases:
        description:
          - Addresses that are kept for clients.
        type: list
        elements: dict
        suboptions:
          mac:
            description:
              - The client's MAC address. One of O(lxc_bridges[].static_leases[].mac), O(lxc_bridges[].static_leases[].client_id) and
                  O(lxc_bridges[].static_leases[].name) is required.
            type: str
          other_macs:
            description:
              - Further MAC addresses of the same client, of which only one is in use at a time, such as those of a laptop's cards.
            type: list
            elements: str
          client_id:
            description:
              - 'The client''s identifier: bytes as in 01:00:16:3e:00:00:05, which for IPv6 are its DUID, or a text. With V(*) the client is known by
                  its MAC address alone, whatever identifier it gives.'
            type: str
          name:
            description:
              - The name that the client gives, or with O(lxc_bridges[].static_leases[].mac) or O(lxc_bridges[].static_leases[].client_id) that it is
                  given.
            type: str
          address:
            description:
              - The address, within the subnet; it may be outside of O(lxc_bridges[].dhcp_range).
            type: str
          address6:
            description:
              - The IPv6 address of a client that has an IPv4 address as well. It takes O(lxc_bridges[].ipv6_mode=stateful).
            type: str
          release:
            description:
              - Whether the address is taken back if it is leased to another client. Otherwise the task warns of it, and says until when.
            type: bool
            default: false
      host_records:
        description:
          - Further names, which are answered forwards and backwards.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name, with or without a domain.
            type: str
            required: true
          addresses:
            description:
              - Its IPv4 and IPv6 addresses.
            type: list
            elements: str
            required: true
      gateway:
        description:
          - The router that clients are told, where that is not this host.
        type: str
      extra_lines:
        description:
          - Further lines of dnsmasq's configuration.
        type: list
        elements: str
      checksum_fix:
        description:
          - Whether DHCP answers get their UDP checksum before they leave by a bridge, which clients before about 2014 need.
        type: bool
        default: true
      user:
        description:
          - The user that dnsmasq runs as. Left out, it is the first of lxc-dnsmasq, dnsmasq and nobody that exists.
        type: str
      install:
        description:
          - Whether to install dnsmasq where it is missing.
        type: bool
        default: false
      takeover:
        description:
          - 'Whether to take over an interface that lxc-net or OpenStack-Ansible''s lxc-dnsmasq serves: their service goes, the leases stay.'
        type: bool
        default: false
      nat:
        description:
          - Whether IPv4 connections to the outside get an address of the host.
        type: bool
        default: true
      nat6:
        description:
          - Whether IPv6 connections to the outside get an address of the host (NAT66).
        type: bool
        default: false
      nat_address:
        description:
          - The IPv4 address that connections get. Left out, it is that of the outgoing interface (masquerade).
        type: str
      nat6_address:
        description:
          - The IPv6 address that connections get.
        type: str
      out_interface:
        description:
          - Translate only what leaves by these interfaces. Left out, it is every other interface.
        type: list
        elements: str
      nat_exclude:
        description:
          - Subnets and interfaces towards which nothing is translated, such as other bridges of the host.
        type: list
        elements: str
      port_forwards:
        description:
          - Ports of the host that lead inside.
        type: list
        elements: dict
        suboptions:
          protocol:
            description:
              - The protocol. Left out, it is V(tcp), and without O(lxc_bridges[].port_forwards[].port) every protocol.
            type: str
            choices:
              - tcp
              - udp
              - sctp
          port:
            description:
              - 'The port of the host, or a range such as 8000-8010. Left out, it is all that comes for O(lxc_bridges[].port_forwards[].address): one
                  to one.'
            type: str
          to:
            description:
              - The address inside that answers.
            type: str
            required: true
          to_port:
            description:
              - The port there; of a range, the first one. Left out, they are the same ones. From 1 to 65535.
            type: int
          address:
            description:
              - The addresses that are forwarded, which the host has or others send to it. Left out, it is every address of the host.
            type: list
            elements: str
          source:
            description:
              - Forward only what comes from this subnet.
            type: str
          hairpin:
            description:
              - Whether neighbours inside, and the container itself, reach the port by the host's address too.
            type: bool
            default: true
      isolated:
        description:
          - Whether other bridges of the host can neither reach this one nor be reached from it, or a list of the interfaces that cannot.
              O(lxc_bridges[].out_interface) stays open.
        type: raw
        default: false
      mss_clamp:
        description:
          - 'Lower the segment size that TCP connections agree on: V(pmtu) for what the way out takes, or a number of bytes.'
        type: str
      firewall:
        description:
          - 'What to do about another firewall that drops the traffic: add what Docker and firewalld provide for that and warn of others, only warn,
              or nothing.'
        type: str
        default: handle
        choices:
          - handle
          - warn
          - ignore
      verify:
        description:
          - Whether to prove, from a throw-away network namespace on the bridge, that a lease is given and taken back, that names are answered, and
              with translation that the host's own gateway is reached; and from one outside of the host, that each port forward whose container
              answers is reached. The result is returned as RV(checks).
        type: bool
        default: true
      force:
        description:
          - Whether O(lxc_bridges[].state=absent) removes a bridge with containers on it.
        type: bool
        default: false
  nats:
    description:
      - Networks whose connections to the outside are translated.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - What to call it. It names the table of rules.
        type: str
        required: true
      state:
        description:
          - Whether it is to be there.
        type: str
        default: present
        choices:
          - present
          - absent
      interface:
        description:
          - The inside interface, usually a bridge.
        type: str
      subnets:
        description:
          - The inside subnets, IPv4 and IPv6. Left out, whatever comes in by O(nats[].interface) is translated.
        type: list
        elements: str
      services:
        description:
          - What the inside may reach on this host itself.
        type: list
        elements: str
        choices:
          - dhcp
          - dns
          - dhcp6
          - ra
      nat:
        description:
          - Whether IPv4 connections to the outside get an address of the host.
        type: bool
        default: true
      nat6:
        description:
          - Whether IPv6 connections to the outside get an address of the host (NAT66).
        type: bool
        default: false
      nat_address:
        description:
          - The IPv4 address that connections get. Left out, it is that of the outgoing interface (masquerade).
        type: str
      nat6_address:
        description:
          - The IPv6 address that connections get.
        type: str
      out_interface:
        description:
          - Translate only what leaves by these interfaces. Left out, it is every other interface.
        type: list
        elements: str
      nat_exclude:
        description:
          - Subnets and interfaces towards which nothing is translated, such as other bridges of the host.
        type: list
        elements: str
      port_forwards:
        description:
          - Ports of the host that lead inside.
        type: list
        elements: dict
        suboptions:
          protocol:
            description:
              - The protocol. Left out, it is V(tcp), and without O(nats[].port_forwards[].port) every protocol.
            type: str
            choices:
              - tcp
              - udp
              - sctp
          port:
            description:
              - 'The port of the host, or a range such as 8000-8010. Left out, it is all that comes for O(nats[].port_forwards[].address): one to
                  one.'
            type: str
          to:
            description:
              - The address inside that answers.
            type: str
            required: true
          to_port:
            description:
              - The port there; of a range, the first one. Left out, they are the same ones. From 1 to 65535.
            type: int
          address:
            description:
              - The addresses that are forwarded, which the host has or others send to it. Left out, it is every address of the host.
            type: list
            elements: str
          source:
            description:
              - Forward only what comes from this subnet.
            type: str
          hairpin:
            description:
              - Whether neighbours inside, and the container itself, reach the port by the host's address too.
            type: bool
            default: true
      isolated:
        description:
          - Whether other bridges of the host can neither reach this one nor be reached from it, or a list of the interfaces that cannot.
              O(nats[].out_interface) stays open.
        type: raw
        default: false
      mss_clamp:
        description:
          - 'Lower the segment size that TCP connections agree on: V(pmtu) for what the way out takes, or a number of bytes.'
        type: str
      firewall:
        description:
          - 'What to do about another firewall that drops the traffic: add what Docker and firewalld provide for that and warn of others, only warn,
              or nothing.'
        type: str
        default: handle
        choices:
          - handle
          - warn
          - ignore
  dnsmasqs:
    description:
      - Interfaces that are served with DHCP and DNS.
    type: list
    elements: dict
    suboptions:
      interface:
        description:
          - The interface to serve, usually a bridge. There is one instance for each.
        type: str
        required: true
      state:
        description:
          - Whether it is to be there.
        type: str
        default: present
        choices:
          - present
          - absent
      address:
        description:
          - The host's IPv4 address on the interface, such as 10.0.3.1/24. Needed for DHCP.
        type: str
      address6:
        description:
          - The host's IPv6 address on the interface.
        type: str
      mtu:
        description:
          - The MTU that clients are told. From 68 to 65535.
        type: int
      dhcp:
        description:
          - Whether clients get IPv4 addresses.
        type: bool
        default: true
      dhcp_range:
        description:
          - The first and last IPv4 address to hand out, such as 10.0.3.2,10.0.3.253. Left out, it is the whole subnet but the host's own address and
              the last one.
        type: str
      dhcp_range6:
        description:
          - The first and last IPv6 address to hand out when O(dnsmasqs[].ipv6_mode=stateful).
        type: str
      ipv6_mode:
        description:
          - 'How clients get IPv6: V(slaac) by router advertisements alone, V(stateless) with DNS and other options by DHCPv6, V(stateful) with
              addresses by DHCPv6, V(none) not at all. Left out, it is V(slaac) where there is an O(dnsmasqs[].address6).'
        type: str
        choices:
          - slaac
          - stateless
          - stateful
          - none
      lease_time:
        description:
          - 'How long a lease lasts: seconds, or a number with m, h, d or w, or V(infinite). At least two minutes.'
        type: str
        default: 1h
      lease_limit:
        description:
          - The largest number of leases. Left out, it is 253 or, where the range is larger, the size of the range. From 1 to 1048576.
        type: int
      dns:
        description:
          - Whether names are answered, those of the clients among them.
        type: bool
        default: true
      domain:
        description:
          - The domain of the clients. Its names are answered here and never asked for elsewhere.
        type: str
      upstream_servers:
        description:
          - 'The DNS servers to ask, as addresses, with a port after a # or a domain as in /example.com/192.0.2.1. Left out, it is those of the
              host''s /etc/resolv.conf.'
        type: list
        elements: str
      dhcp_options:
        description:
          - DHCP options by name (router, dns_server, mtu, ntp_server, domain_search…) or number, each with a value or a list. An empty list keeps
              the option back. IPv6 clients are told domain_search, or else O(dnsmasqs[].domain), and the IPv6 addresses of dns_server and
              ntp_server.
        type: dict
      static_leases:
        description:
          - Addresses that are kept for clients.
        type: list
        elements: dict
        suboptions:
          mac:
            description:
              - The client's MAC address. One of O(dnsmasqs[].static_leases[].mac), O(dnsmasqs[].static_leases[].client_id) and
                  O(dnsmasqs[].static_leases[].name) is required.
            type: str
          other_macs:
            description:
              - Further MAC addresses of the same client, of which only one is in use at a time, such as those of a laptop's cards.
            type: list
            elements: str
          client_id:
            description:
              - 'The client''s identifier: bytes as in 01:00:16:3e:00:00:05, which for IPv6 are its DUID, or a text. With V(*) the client is known by
                  its MAC address alone, whatever identifier it gives.'
            type: str
          name:
            description:
              - The name that the client gives, or with O(dnsmasqs[].static_leases[].mac) or O(dnsmasqs[].static_leases[].client_id) that it is
                  given.
            type: str
          address:
            description:
              - The address, within the subnet; it may be outside of O(dnsmasqs[].dhcp_range).
            type: str
          address6:
            description:
              - The IPv6 address of a client that has an IPv4 address as well. It takes O(dnsmasqs[].ipv6_mode=stateful).
            type: str
          release:
            description:
              - Whether the address is taken back if it is leased to another client. Otherwise the task warns of it, and says until when.
            type: bool
            default: false
      host_records:
        description:
          - Further names, which are answered forwards and backwards.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name, with or without a domain.
            type: str
            required: true
          addresses:
            description:
              - Its IPv4 and IPv6 addresses.
            type: list
            elements: str
            required: true
      gateway:
        description:
          - The router that clients are told, where that is not this host.
        type: str
      extra_lines:
        description:
          - Further lines of dnsmasq's configuration.
        type: list
        elements: str
      checksum_fix:
        description:
          - Whether DHCP answers get their UDP checksum before they leave by a bridge, which clients before about 2014 need.
        type: bool
        default: true
      user:
        description:
          - The user that dnsmasq runs as. Left out, it is the first of lxc-dnsmasq, dnsmasq and nobody that exists.
        type: str
      install:
        description:
          - Whether to install dnsmasq where it is missing.
        type: bool
        default: false
      takeover:
        description:
          - 'Whether to take over an interface that lxc-net or OpenStack-Ansible''s lxc-dnsmasq serves: their service goes, the leases stay.'
        type: bool
        default: false
  config:
    description:
      - Options of this module in one dictionary, such as RV(hostnet.linux.network_info#module:network). What is given beside it may not be in it
          too.
    type: dict
  state:
    description:
      - What becomes of the task's objects, in the words of network collections. V(merged) adds them to what is declared on the host, option by
          option. V(replaced) declares each of them exactly so, as O(replace) does. V(overridden) declares these objects and no others, as O(purge)
          does. V(deleted) removes them, whatever options they have beside their names; without any object, it removes all that earlier tasks have
          declared. V(gathered) returns the host's network. V(rendered) returns the files that would be kept of the objects, and V(parsed) the
          objects that are in the text O(running_config); these two neither read nor change the host, and need no root. Each object has a state of
          its own beside it.
    type: str
    default: merged
    choices:
      - merged
      - replaced
      - overridden
      - deleted
      - gathered
      - rendered
      - parsed
  running_config:
    description:
      - The text of files in C(/etc/hostnet), one or several after each other, for O(state=parsed).
    type: str
  networkd_devices:
    description:
      - 'OpenStack-Ansible''s C(openstack_hosts_systemd_networkd_devices) as it is: what is in C(.netdev) files, a dictionary each. They become
          objects of O(bonds), O(vlans), O(vxlans), O(bridges), O(veths), O(dummies), O(macvlans) and O(vrfs).'
    type: list
    elements: dict
  networkd_networks:
    description:
      - 'OpenStack-Ansible''s C(openstack_hosts_systemd_networkd_networks) as it is: ports, addresses, routes and rules of the links. A static route
          without C(Metric) gets 21 as the first of its link, and one more each next.'
    type: list
    elements: dict
  needed:
    description:
      - C(container_networks) of the host or of its containers, or a list of several. Each bridge must be declared or on the host, and every link
          below must carry the MTU; else nothing is changed.
    type: raw
  provider_networks:
    description:
      - 'C(provider_networks) of OpenStack-Ansible, for O(needed): which bridges are to be Open vSwitch''s, and which links it takes for them.'
    type: list
    elements: dict
  neutron_provider_networks:
    description:
      - C(neutron_provider_networks) of OpenStack-Ansible, for O(needed), where the operator writes it.
    type: dict
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
  - module: hostnet.linux.network_info
  - module: hostnet.linux.lxc_bridge
  - module: hostnet.linux.container_network
"""

EXAMPLES = r"""
- name: Two bonds, VLANs and bridges
  hostnet.linux.network:
    bonds:
      - name: bond0
        mode: active-backup
        miimon: 100
        primary: eth0
        ports: [eth0, eth2]
      - name: bond1
        mode: active-backup
        miimon: 100
        primary: eth1
        ports: [eth1, eth3]
    vlans:
      - name: bond0.10
        parent: bond0
        id: 10
      - name: bond1.30
        parent: bond1
        id: 30
    bridges:
      - name: br-mgmt
        forward_delay: 0
        ports: [bond0.10]
      - name: br-vxlan
        forward_delay: 0
        ports: [bond1.30]
      - name: br-vlan
        forward_delay: 0
        ports: [bond1]

- name: Exactly what the inventory says, and nothing that was declared before
  hostnet.linux.network:
    config: "{{ host_network }}"
    state: overridden

- name: A host of OpenStack-Ansible's, from its own variables
  hostnet.linux.network:
    networkd_devices: "{{ openstack_hosts_systemd_networkd_devices }}"
    networkd_networks: "{{ openstack_hosts_systemd_networkd_networks }}"
    needed: "{{ container_networks }}"
    provider_networks: "{{ provider_networks }}"

- name: What the host has now
  hostnet.linux.network:
    state: gathered
  register: now

- name: The files that would be kept, without touching a host
  hostnet.linux.network:
    config: "{{ host_network }}"
    state: rendered
  delegate_to: localhost
  register: files
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
checks:
  description:
    - What a client on each bridge found, by the bridge's name.
  returned: when something was proved
  type: dict
  sample:
    lxcbr0:
      checksum: true
      gateway: 192.0.2.1
      gateway_reached: true
      lease: 10.0.3.57
      released: true
  contains:
    lxcbr0:
      description:
        - What a client on this bridge found.
      returned: when the bridge is called so
      type: dict
      sample:
        checksum: true
        gateway: 192.0.2.1
        gateway_reached: true
        lease: 10.0.3.57
        released: true
      contains:
        lease:
          description:
            - The address that it was given.
          returned: with DHCP
          type: str
          sample: 10.0.3.57
        released:
          description:
            - Whether it could give the address back.
          returned: with DHCP
          type: bool
          sample: true
        checksum:
          description:
            - Whether the checksum of the answer was right.
          returned: with DHCP
          type: bool
          sample: true
        resolved:
          description:
            - What its own name was resolved to.
          returned: with DNS
          type: str
          sample: '[10.0.3.57]'
        gateway:
          description:
            - The host's own default gateway.
          returned: with NAT
          type: str
          sample: 192.0.2.1
        gateway_reached:
          description:
            - Whether that gateway answered.
          returned: with NAT
          type: bool
          sample: true
        forwards:
          description:
            - What came of a connection from outside to each port forward that can be tried.
          returned: with port_forwards
          type: list
          elements: dict
          sample:
            - container_answers: true
              forward: tcp port 8080
              reached: true
              to: 10.0.3.7
          contains:
            forward:
              description:
                - The forward.
              returned: always
              type: str
              sample: tcp port 8080
            to:
              description:
                - The container's address.
              returned: always
              type: str
              sample: 10.0.3.7
            container_answers:
              description:
                - Whether the host itself reaches it; if not, nothing can be said of the forward.
              returned: always
              type: bool
              sample: true
            reached:
              description:
                - Whether it is reached from outside.
              returned: always
              type: bool
              sample: true
gathered:
  description:
    - The host's network as O(config) takes it, as M(hostnet.linux.network_info) returns it.
  returned: with O(state=gathered)
  type: dict
  sample:
    bridges:
      - name: br-mgmt
        ports:
          - bond0.10
  contains:
    bridges:
      description:
        - The bridges. The other kinds have their keys beside it.
      returned: when there are bridges
      type: list
      elements: dict
      sample:
        - name: br-mgmt
          ports:
            - bond0.10
      contains:
        name:
          description:
            - The bridge's name.
          returned: always
          type: str
          sample: br-mgmt
parsed:
  description:
    - The objects of the text, as O(config) takes them.
  returned: with O(state=parsed)
  type: dict
  sample:
    bridges:
      - name: br-mgmt
        ports:
          - bond0.10
  contains:
    bridges:
      description:
        - The bridges. The other kinds have their keys beside it.
      returned: when there are bridges
      type: list
      elements: dict
      sample:
        - name: br-mgmt
          ports:
            - bond0.10
      contains:
        name:
          description:
            - The bridge's name.
          returned: always
          type: str
          sample: br-mgmt
rendered:
  description:
    - The files that a host would keep on which nothing is declared yet; with O(persist=networkd) those of systemd-networkd as well.
  returned: with O(state=rendered)
  type: list
  elements: dict
  sample:
    - content: |
        bridges:
        - name: br-mgmt
      path: /etc/hostnet/bridges/br-mgmt.yml
  contains:
    path:
      description:
        - The file.
      returned: always
      type: str
      sample: /etc/hostnet/bridges/br-mgmt.yml
    content:
      description:
        - What is in it.
      returned: always
      type: str
      sample: |
        bridges:
        - name: br-mgmt
interfaces:
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
dummies:
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
vlans:
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
veths:
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
macvlans:
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
vrfs:
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
