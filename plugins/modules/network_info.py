#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: network_info
short_description: Reads the network of a host
version_added: 1.0.0
description:
  - 'Returns the state of the host''s network in exactly the form that M(hostnet.linux.network) takes: feeding it back changes nothing.'
  - 'It is what a person would declare: without the kernel''s defaults, and without links that only the kernel or containers make.'
author:
  - The hostnet.linux authors (@hostnet)
options:
  netns:
    description:
      - 'The network namespace to work in: a name under /run/netns, a path, or the number of a process in it. Left out, the host''s.'
    type: str
  full:
    description:
      - Whether to return every option of every link, with the kernel's defaults, and the links that the kernel makes by itself.
    type: bool
    default: false
  routing:
    description:
      - Whether C(topology) has each namespace's routes, rules, forwarding entries and firewall, as M(hostnet.linux.network_path) needs them.
    type: bool
    default: false
  lldp:
    description:
      - Whether to listen for what switches tell of themselves and of their ports (LLDP), and to return it as C(neighbours). Nothing is sent.
          M(hostnet.linux.network_path) then knows which VLANs a port carries. It takes root.
    type: bool
    default: false
  lldp_wait:
    description:
      - For how many seconds, unless every link has been heard of before. Switches mostly speak every 30 seconds. From 1 to 120.
    type: int
    default: 32
  facts:
    description:
      - 'Whether to set the fact C(ansible_facts.hostnet) to what is returned: C(network), C(topology) and C(cards).'
    type: bool
    default: false
attributes:
  check_mode:
    description: The module changes nothing.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: none
  platform:
    description: Linux 6.1 or newer on amd64 or arm64.
    support: full
    platforms: Linux
notes:
  - 'The target needs neither Python nor C(ip) nor C(nft): the module is a static binary.'
seealso:
  - module: hostnet.linux.network
  - module: hostnet.linux.container_info
  - module: hostnet.linux.network_diagram
  - module: hostnet.linux.network_path
"""

EXAMPLES = r"""
- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: Nothing changes when it is fed back
  hostnet.linux.network:
    config: "{{ found.network }}"

- name: The name of the card in a slot, and the bridge's IPv4 addresses
  ansible.builtin.debug:
    msg:
      - "{{ found.cards | hostnet.linux.card(pci_address='0000:00:05.0') }}"
      - "{{ found.network | hostnet.linux.link_addresses('br-mgmt', family=4, plain=true) }}"
"""

RETURN = r"""
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
network:
  description:
    - 'The host''s network as the options of M(hostnet.linux.network): lists of objects, keyed by their kind.'
  returned: success
  type: dict
  sample:
    bridges:
      - addresses:
          - 172.29.236.11/22
        name: br-mgmt
        ports:
          - bond0.10
  contains:
    bridges:
      description:
        - Each bridge with the options that somebody has set, or with O(full=true) all. The other kinds have their keys beside it.
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
        ports:
          description:
            - Its ports.
          returned: always
          type: list
          elements: raw
          sample:
            - bond0.10
topology:
  description:
    - How the host is wired, for M(hostnet.linux.network_diagram). Without root it is the host's own namespace alone.
  returned: success
  type: dict
  sample:
    name: infra1
    namespaces:
      - kind: host
        links:
          - controller: bond0
            ifindex: 2
            mtu: 1500
            name: eth0
            role: active
            state: up
        name: infra1
  contains:
    name:
      description:
        - The host's name.
      returned: always
      type: str
      sample: infra1
    namespaces:
      description:
        - The host's own namespace, then those of containers and those with a name.
      returned: always
      type: list
      elements: dict
      sample:
        - kind: host
          links:
            - name: eth0
              state: up
          name: infra1
      contains:
        name:
          description:
            - The name of the host, container or namespace.
          returned: always
          type: str
          sample: infra1
        kind:
          description:
            - V(host), V(container) or V(namespace).
          returned: always
          type: str
          sample: host
        within:
          description:
            - The container.
          returned: of a namespace in a container
          type: str
          sample: agents1
        links:
          description:
            - 'Every link: its state, addresses and tags, what it is a port of or stands on, which link of which namespace is at the other end of a
                pair, and the options that are not as kept on the host (C(drift)).'
          returned: always
          type: list
          elements: dict
          sample:
            - name: eth0
              state: up
          contains:
            name:
              description:
                - The link's name.
              returned: always
              type: str
              sample: eth0
            state:
              description:
                - V(up), V(down) or V(no carrier).
              returned: always
              type: str
              sample: up
        routing:
          description:
            - The namespace's routes, rules, forwarding entries and firewall, as M(hostnet.linux.network_path) reads them.
          returned: with O(routing=true)
          type: raw
          sample:
            ipv4_forwarding: true
cards:
  description:
    - The network cards.
  returned: success
  type: list
  elements: dict
  sample:
    - mac: "52:54:00:12:34:56"
      name: eth0
      pci_address: "0000:00:05.0"
  contains:
    name:
      description:
        - What the kernel calls it now.
      returned: always
      type: str
      sample: eth0
    mac:
      description:
        - Its own MAC address, also while it is the port of a bond.
      returned: when it has one
      type: str
      sample: "52:54:00:12:34:56"
    pci_address:
      description:
        - Where it is.
      returned: when it is on such a bus
      type: str
      sample: "0000:00:05.0"
neighbours:
  description:
    - The switches that were heard of (LLDP), by the link that they are at the other end of.
  returned: with O(lldp=true)
  type: list
  elements: dict
  sample:
    - link: eth0
      port_id: eth1/1
      system_name: sw-1
      vlans:
        - 10
        - 20
  contains:
    link:
      description:
        - The link of this host.
      returned: always
      type: str
      sample: eth0
    chassis_id:
      description:
        - The device, by an address or a name.
      returned: always
      type: str
      sample: "00:11:22:33:44:55"
    port_id:
      description:
        - Its port.
      returned: always
      type: str
      sample: eth1/1
    ttl:
      description:
        - For how many seconds that holds.
      returned: always
      type: int
      sample: 120
    port_description:
      description:
        - What the port is for.
      returned: when the device tells it
      type: str
      sample: uplink1
    system_name:
      description:
        - Its name.
      returned: when the device tells it
      type: str
      sample: sw-1
    system_description:
      description:
        - What it is.
      returned: when the device tells it
      type: str
      sample: NoS 4.2
    management_addresses:
      description:
        - Where it is managed.
      returned: when the device tells it
      type: list
      elements: str
      sample:
        - 192.0.2.1
    pvid:
      description:
        - The VLAN of untagged frames.
      returned: when the device tells it
      type: int
      sample: 1
    vlans:
      description:
        - The VLANs on the port.
      returned: when the device tells them
      type: list
      elements: int
      sample:
        - 10
        - 20
    max_frame_size:
      description:
        - The largest frame in bytes.
      returned: when the device tells it
      type: int
      sample: 9216
    aggregated:
      description:
        - Whether the port is part of an aggregation.
      returned: when it is
      type: bool
      sample: true
"""
