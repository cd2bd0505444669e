#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: container_network
short_description: Gives LXC containers exactly the network interfaces that are declared
version_added: 1.0.0
description:
  - 'Gives one or many LXC containers all their network interfaces, and removes those that are no longer declared. All of a task is one transaction:
      it is made whole, or not at all.'
  - Links that software inside a container made, such as its bridges and tunnels, are never touched.
author:
  - The hostnet.linux authors (@hostnet)
options:
  lxc_path:
    description:
      - The folder of the containers. Left out, LXC's own, usually C(/var/lib/lxc).
    type: str
  container:
    description:
      - The container's name.
    type: str
  interfaces:
    description:
      - Exactly the interfaces of the container. Others that LXC or this collection made are removed.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The interface's name inside the container, such as eth1.
        type: str
        required: true
      state:
        description:
          - Whether the container is to have the interface. A NIC that was lent to it comes back to the host.
        type: str
        default: present
        choices:
          - present
          - absent
      type:
        description:
          - V(veth) is a pair of links, one end in the container and one on a bridge of the host; V(phys) moves a link of the host into the
              container; V(macvlan) is a further MAC address on a link of the host; V(ipvlan) shares the MAC address of such a link; V(vlan) is one
              VLAN of it.
        type: str
        default: veth
        choices:
          - veth
          - phys
          - macvlan
          - ipvlan
          - vlan
      bridge:
        description:
          - The bridge that the host's end of a veth is a port of. Needed for a new one.
        type: str
      parent:
        description:
          - 'The link of the host: moved into the container (phys), or used as parent (macvlan, ipvlan, vlan). Needed for a new one.'
        type: str
      macvlan_mode:
        description:
          - Whom a macvlan can talk to on the same parent. LXC's own choice is private.
        type: str
        choices:
          - private
          - vepa
          - bridge
          - passthru
      ipvlan_mode:
        description:
          - At which layer an ipvlan shares its parent. LXC's own choice is l3.
        type: str
        choices:
          - l2
          - l3
          - l3s
      ipvlan_isolation:
        description:
          - Whom an ipvlan can talk to on the same parent. LXC's own choice is bridge.
        type: str
        choices:
          - bridge
          - private
          - vepa
      vlan_id:
        description:
          - The tag of an interface of type vlan. Needed for a new one. From 1 to 4094.
        type: int
      host_name:
        description:
          - The name of a veth's end on the host. Left out, the one that the container's configuration says, else the last 8 characters of the
              container's name without dashes and underscores, an underscore, and the interface's name, as OpenStack-Ansible names it; where another
              container has that name, one made unique.
        type: str
      mac_address:
        description:
          - The MAC address inside the container. Left out, the one that it has, else one that is derived from the names of container and interface
              and starts with 00:16:3e. A lent NIC keeps its own.
        type: str
      mtu:
        description:
          - The largest packet in bytes, at both ends of a veth. A new veth without it gets the bridge's. From 68 to 2147483647.
        type: int
      up:
        description:
          - 'Whether the interface is up inside. With V(false) it is there, down, until somebody takes it up: it has no routes and no DHCP then. Left
              out, a new one is up.'
        type: bool
        default: true
      addresses:
        description:
          - Exactly the static addresses of the interface. Those of the kernel, of DHCP and of router advertisements are left alone.
        type: list
        elements: str
      gateway:
        description:
          - The router of the container's IPv4 default route, in the network of one of the addresses, or anywhere on the link with
              O(interfaces[].onlink) or beside addresses with /32; V(none) removes the route.
        type: str
      gateway6:
        description:
          - The router of the container's IPv6 default route, in the network of one of the addresses or link-local; V(none) takes the route away.
        type: str
      onlink:
        description:
          - Whether O(interfaces[].gateway) and O(interfaces[].gateway6) are directly on the link although in none of its networks. They get a route
              of their own.
        type: bool
        default: false
      routes:
        description:
          - Exactly the static routes out of the interface, beside the one that O(interfaces[].gateway) makes.
        type: list
        elements: dict
        suboptions:
          to:
            description:
              - The network to reach, such as 10.176.0.0/12, or V(default).
            type: str
            required: true
          via:
            description:
              - The router. Left out, the network is directly on the link.
            type: str
          metric:
            description:
              - The lower of two routes to the same network is used. From 0 to 4294967295.
            type: int
          onlink:
            description:
              - Whether the router is directly on the link although it is in none of its networks.
            type: bool
          table:
            description:
              - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                  4294967295.
            type: str
            default: main
          src:
            description:
              - The address of this host that connections over the route start from, or V(none).
            type: str
          scope:
            description:
              - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                  V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
            type: str
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
      dhcp:
        description:
          - Whether the interface gets its IPv4 address from a DHCP server. The client is the collection's own and runs on the host, so the container
              needs none.
        type: bool
      dhcp6:
        description:
          - Whether the interface gets an IPv6 address from a DHCPv6 server too. The way to its network comes by router advertisements, which the
              kernel takes.
        type: bool
      dhcp_use_routes:
        description:
          - Whether the DHCP server's routes are taken too.
        type: bool
        default: true
      dhcp_use_dns:
        description:
          - Whether the DHCP server's name servers and domain go to the container's C(/etc/resolv.conf).
        type: bool
        default: true
      dhcp_use_mtu:
        description:
          - Whether the DHCP server's MTU is taken inside the container, where O(interfaces[].mtu) is not declared.
        type: bool
        default: true
      dhcp_use_hostname:
        description:
          - Whether the container takes the host name that the DHCP server gives.
        type: bool
        default: false
      dhcp_metric:
        description:
          - The metric of the DHCP server's routes. The interface with the lowest gives the container its name servers, too. 0 is 1024 for the
              container's first interface with DHCP, one more for the second, and so on. From 0 to 4294967295.
        type: int
        default: 0
      dhcp_client_id:
        description:
          - 'What the client calls itself (option 61): V(mac), V(duid) for one made of the MAC address, bytes such as V(01:00:16:3e:11:22:33), or a
              text. With V(none) the server goes by the MAC address.'
        type: str
        default: none
      vlan:
        description:
          - The VLAN of the container's untagged frames on a bridge with vlan_filtering; 0 is none. Left out, the bridge's default. From 0 to 4094.
        type: int
      trunk:
        description:
          - 'Exactly the VLANs that the container sends and receives tagged on a bridge with vlan_filtering: numbers, or ranges such as 20-29.'
        type: list
        elements: str
      down_rate:
        description:
          - The most that a veth takes to the container, in kilobits a second; 0 is no limit. From 0 to 34000000.
        type: int
      up_rate:
        description:
          - The most that a veth takes from the container, in kilobits a second; 0 is no limit. What is above it is dropped on the host, where the
              container cannot lift the limit. From 0 to 34000000.
        type: int
  container_networks:
    description:
      - The interfaces as OpenStack-Ansible's inventory has them in C(container_networks). An interface on lxcbr0 stays although its inventory does
          not list it, and one on an Open vSwitch bridge is left to its owner. A route without a metric gets the one that OpenStack-Ansible's roles
          give it, 21 for the first of an interface.
    type: dict
  containers:
    description:
      - Many containers in one task, in place of O(container).
    type: list
    elements: dict
    suboptions:
      container:
        description:
          - The container's name.
        type: str
        required: true
      interfaces:
        description:
          - Exactly the interfaces of the container. Others that LXC or this collection made are removed.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The interface's name inside the container, such as eth1.
            type: str
            required: true
          state:
            description:
              - Whether the container is to have the interface. A NIC that was lent to it comes back to the host.
            type: str
            default: present
            choices:
              - present
              - absent
          type:
            description:
              - V(veth) is a pair of links, one end in the container and one on a bridge of the host; V(phys) moves a link of the host into the
                  container; V(macvlan) is a further MAC address on a link of the host; V(ipvlan) shares the MAC address of such a link; V(vlan) is
                  one VLAN of it.
            type: str
            default: veth
            choices:
              - veth
              - phys
              - macvlan
              - ipvlan
              - vlan
          bridge:
            description:
              - The bridge that the host's end of a veth is a port of. Needed for a new one.
            type: str
          parent:
            description:
              - 'The link of the host: moved into the container (phys), or used as parent (macvlan, ipvlan, vlan). Needed for a new one.'
            type: str
          macvlan_mode:
            description:
              - Whom a macvlan can talk to on the same parent. LXC's own choice is private.
            type: str
            choices:
              - private
              - vepa
              - bridge
              - passthru
          ipvlan_mode:
            description:
              - At which layer an ipvlan shares its parent. LXC's own choice is l3.
            type: str
            choices:
              - l2
              - l3
              - l3s
          ipvlan_isolation:
            description:
              - Whom an ipvlan can talk to on the same parent. LXC's own choice is bridge.
            type: str
            choices:
              - bridge
              - private
              - vepa
          vlan_id:
            description:
              - The tag of an interface of type vlan. Needed for a new one. From 1 to 4094.
            type: int
          host_name:
            description:
              - The name of a veth's end on the host. Left out, the one that the container's configuration says, else the last 8 characters of the
                  container's name without dashes and underscores, an underscore, and the interface's name, as OpenStack-Ansible names it; where
                  another container has that name, one made unique.
            type: str
          mac_address:
            description:
              - The MAC address inside the container. Left out, the one that it has, else one that is derived from the names of container and
                  interface and starts with 00:16:3e. A lent NIC keeps its own.
            type: str
          mtu:
            description:
              - The largest packet in bytes, at both ends of a veth. A new veth without it gets the bridge's. From 68 to 2147483647.
            type: int
          up:
            description:
              - 'Whether the interface is up inside. With V(false) it is there, down, until somebody takes it up: it has no routes and no DHCP then.
                  Left out, a new one is up.'
            type: bool
            default: true
          addresses:
            description:
              - Exactly the static addresses of the interface. Those of the kernel, of DHCP and of router advertisements are left alone.
            type: list
            elements: str
          gateway:
            description:
              - The router of the container's IPv4 default route, in the network of one of the addresses, or anywhere on the link with
                  O(containers[].interfaces[].onlink) or beside addresses with /32; V(none) removes the route.
            type: str
          gateway6:
            description:
              - The router of the container's IPv6 default route, in the network of one of the addresses or link-local; V(none) takes the route away.
            type: str
          onlink:
            description:
              - Whether O(containers[].interfaces[].gateway) and O(containers[].interfaces[].gateway6) are directly on the link although in none of
                  its networks. They get a route of their own.
            type: bool
            default: false
          routes:
            description:
              - Exactly the static routes out of the interface, beside the one that O(containers[].interfaces[].gateway) makes.
            type: list
            elements: dict
            suboptions:
              to:
                description:
                  - The network to reach, such as 10.176.0.0/12, or V(default).
                type: str
                required: true
              via:
                description:
                  - The router. Left out, the network is directly on the link.
                type: str
              metric:
                description:
                  - The lower of two routes to the same network is used. From 0 to 4294967295.
                type: int
              onlink:
                description:
                  - Whether the router is directly on the link although it is in none of its networks.
                type: bool
              table:
                description:
                  - The routing table. V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 to
                      4294967295.
                type: str
                default: main
              src:
                description:
                  - The address of this host that connections over the route start from, or V(none).
                type: str
              scope:
                description:
                  - How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if it is of type
                      V(local), and V(link) otherwise. One of V(global), V(host), V(link), V(nowhere), V(site), or a number to 255.
                type: str
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
          dhcp:
            description:
              - Whether the interface gets its IPv4 address from a DHCP server. The client is the collection's own and runs on the host, so the
                  container needs none.
            type: bool
          dhcp6:
            description:
              - Whether the interface gets an IPv6 address from a DHCPv6 server too. The way to its network comes by router advertisements, which the
                  kernel takes.
            type: bool
          dhcp_use_routes:
            description:
              - Whether the DHCP server's routes are taken too.
            type: bool
            default: true
          dhcp_use_dns:
            description:
              - Whether the DHCP server's name servers and domain go to the container's C(/etc/resolv.conf).
            type: bool
            default: true
          dhcp_use_mtu:
            description:
              - Whether the DHCP server's MTU is taken inside the container, where O(containers[].interfaces[].mtu) is not declared.
            type: bool
            default: true
          dhcp_use_hostname:
            description:
              - Whether the container takes the host name that the DHCP server gives.
            type: bool
            default: false
          dhcp_metric:
            description:
              - The metric of the DHCP server's routes. The interface with the lowest gives the container its name servers, too. 0 is 1024 for the
                  container's first interface with DHCP, one more for the second, and so on. From 0 to 4294967295.
            type: int
            default: 0
          dhcp_client_id:
            description:
              - 'What the client calls itself (option 61): V(mac), V(duid) for one made of the MAC address, bytes such as V(01:00:16:3e:11:22:33), or
                  a text. With V(none) the server goes by the MAC address.'
            type: str
            default: none
          vlan:
            description:
              - The VLAN of the container's untagged frames on a bridge with vlan_filtering; 0 is none. Left out, the bridge's default. From 0 to
                  4094.
            type: int
          trunk:
            description:
              - 'Exactly the VLANs that the container sends and receives tagged on a bridge with vlan_filtering: numbers, or ranges such as 20-29.'
            type: list
            elements: str
          down_rate:
            description:
              - The most that a veth takes to the container, in kilobits a second; 0 is no limit. From 0 to 34000000.
            type: int
          up_rate:
            description:
              - The most that a veth takes from the container, in kilobits a second; 0 is no limit. What is above it is dropped on the host, where
                  the container cannot lift the limit. From 0 to 34000000.
            type: int
      container_networks:
        description:
          - The interfaces as OpenStack-Ansible's inventory has them in C(container_networks). An interface on lxcbr0 stays although its inventory
              does not list it, and one on an Open vSwitch bridge is left to its owner. A route without a metric gets the one that
              OpenStack-Ansible's roles give it, 21 for the first of an interface.
        type: dict
  manager:
    description:
      - 'V(takeover) moves containers over that OpenStack-Ansible''s roles have deployed: interfaces from the C(.ini) files that the configuration
          includes into the configuration, their addresses and routes with them, and a file inside has systemd-networkd leave them alone, which is
          restarted for that. No packet is lost on them. An interface with DHCP keeps its client inside. Left out, what these have set up as declared
          stays theirs.'
    type: str
    choices:
      - takeover
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
  - 'The target needs neither Python nor C(ip): the module is a binary that needs LXC''s library alone. Containers need nothing.'
requirements:
  - LXC 5.0 or newer with its library (liblxc1 in Debian, lxc-libs in Fedora)
  - glibc 2.34 or newer
seealso:
  - module: hostnet.linux.container_interface
  - module: hostnet.linux.container_info
"""

EXAMPLES = r"""
- name: A networking agents container
  hostnet.linux.container_network:
    container: agents
    interfaces:
      - {name: eth0, bridge: lxcbr0}
      - {name: eth1, bridge: br-mgmt, addresses: [172.29.236.21/22]}
      - {name: eth10, bridge: br-vxlan, addresses: [172.29.240.21/22]}
      - {name: eth11, bridge: br-vlan}

- name: Many containers in one task
  hostnet.linux.container_network:
    containers:
      - container: web1
        interfaces: [{name: eth1, bridge: br-mgmt, addresses: [172.29.236.31/22]}]
      - container: web2
        interfaces: [{name: eth1, bridge: br-mgmt, addresses: [172.29.236.32/22]}]

- name: What OpenStack-Ansible's inventory says
  hostnet.linux.container_network:
    container: "{{ inventory_hostname }}"
    container_networks: "{{ container_networks }}"
  delegate_to: "{{ physical_host }}"
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
containers:
  description:
    - The containers, inside and out.
  returned: success
  type: list
  elements: dict
  sample:
    - config_file: /var/lib/lxc/web1/config
      container: web1
      init_pid: 4711
      interfaces:
        - configured:
            bridge: lxcbr0
          name: eth0
          net: 0
          running:
            carrier: true
            up: true
      state: RUNNING
  contains:
    container:
      description:
        - The container's name.
      returned: always
      type: str
      sample: web1
    state:
      description:
        - Its state in LXC's words.
      returned: always
      type: str
      sample: RUNNING
    init_pid:
      description:
        - Its first process, as the host numbers it.
      returned: when it runs
      type: int
      sample: 4711
    config_file:
      description:
        - Its configuration.
      returned: always
      type: str
      sample: /var/lib/lxc/web1/config
    interfaces:
      description:
        - Its interfaces.
      returned: always
      type: list
      elements: dict
      sample:
        - configured:
            bridge: lxcbr0
          name: eth0
          net: 0
      contains:
        name:
          description:
            - The name inside.
          returned: always
          type: str
          sample: eth0
        net:
          description:
            - Its number in the configuration, as in C(lxc.net.0).
          returned: when it is configured
          type: int
          sample: 0
        configured:
          description:
            - A dictionary of the options that every later start uses.
          returned: when it is configured
          type: raw
          sample:
            bridge: lxcbr0
        running:
          description:
            - A dictionary of what the kernel has now, inside and outside.
          returned: when it is there
          type: raw
          sample:
            carrier: true
            up: true
    hooks:
      description:
        - What could not be done when the container started.
      returned: when something could not be done at its start
      type: list
      elements: dict
      sample:
        - at: "2026-11-27T18:00:00Z"
          moment: start-host
          problem: the bridge br-mgmt is missing
      contains:
        moment:
          description:
            - Which of LXC's hooks it was.
          returned: always
          type: str
          sample: start-host
        at:
          description:
            - When it was.
          returned: always
          type: str
          sample: "2026-11-27T18:00:00Z"
        problem:
          description:
            - What could not be done, and why.
          returned: always
          type: str
          sample: the bridge br-mgmt is missing
"""
