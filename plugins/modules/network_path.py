#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: network_path
short_description: Tells which way a packet takes, and where and why it ends
version_added: 1.1.0
description:
  - 'Follows a packet from a container, a namespace or a host to an address: which rule, table and route it takes, through which pairs, bridges,
      bonds, VLANs and tunnels it goes, who translates its addresses, which chain drops it, and how large it may be.'
  - 'It runs on the controller and sends nothing: M(hostnet.linux.network_info) has read the hosts. That the packet does not arrive is an answer, not
      a failure.'
author:
  - The hostnet.linux authors (@hostnet)
options:
  hosts:
    description:
      - 'The hosts that the packet may pass: of each the result of M(hostnet.linux.network_info) with C(routing: true).'
    type: list
    elements: dict
    required: true
  from:
    description:
      - 'Who sends: a container, a namespace or a host, by its name; HOST:NAME where the name is on several hosts.'
    type: str
    required: true
  to:
    description:
      - 'To whom: an address, or a name as in O(from).'
    type: str
    required: true
  protocol:
    description:
      - The packet's protocol.
    type: str
    default: icmp
    choices:
      - icmp
      - tcp
      - udp
  port:
    description:
      - The port that it is sent to, of tcp and udp. From 1 to 65535.
    type: int
  size:
    description:
      - The size of the whole IP packet in bytes, which may not be fragmented. Left out, it is small. From 68 to 65535.
    type: int
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
  - Rules that look a value up in a named set of another program, or match what is not known of the packet, count as letting it through.
  - A card leads to the cards of the other hosts that are given; what is between them is not known.
seealso:
  - module: hostnet.linux.network_info
  - module: hostnet.linux.network_diagram
"""

EXAMPLES = r"""
- name: Read every host with its routes and rules
  hostnet.linux.network_info:
    routing: true
  register: found

- name: Does web1 reach the database?
  hostnet.linux.network_path:
    hosts: "{{ ansible_play_hosts | map('extract', hostvars, 'found') | list }}"
    from: web1
    to: db1
    protocol: tcp
    port: 3306
  delegate_to: localhost
  run_once: true
  register: way
  failed_when: way.path.outcome != 'reached'
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
text:
  description:
    - The path for a person, a hop a line.
  returned: success
  type: str
  sample: |
    reached: db1 of infra2 has 10.0.3.21
path:
  description:
    - The path.
  returned: success
  type: dict
  sample:
    hops:
      - host: infra1
        kind: route
        link: eth0
        text: route default via 10.0.3.1 dev eth0 in table main (rule 32766), from 10.0.3.20
        where: web1
    mtu: 1500
    outcome: reached
    why: db1 of infra2 has 10.0.3.21
  contains:
    outcome:
      description:
        - V(reached), V(leaves) where it goes to what is not known here, or V(ends).
      returned: always
      type: str
      sample: reached
    why:
      description:
        - Where it ends, why, and what would change that.
      returned: always
      type: str
      sample: db1 of infra2 has 10.0.3.21
    mtu:
      description:
        - The largest packet that goes through in one piece, in bytes.
      returned: when it is known
      type: int
      sample: 1500
    warnings:
      description:
        - What is wrong beside it, such as an answer that takes another way, or an address that two have.
      returned: when there are any
      type: list
      elements: str
      sample:
        - the answer does not come back
    hops:
      description:
        - What happens to it, in order.
      returned: always
      type: list
      elements: dict
      sample:
        - host: infra1
          kind: route
          link: eth0
          text: route default via 10.0.3.1 dev eth0 in table main (rule 32766), from 10.0.3.20
          where: web1
      contains:
        host:
          description:
            - The host.
          returned: always
          type: str
          sample: infra1
        where:
          description:
            - The container or namespace, or V(host).
          returned: always
          type: str
          sample: web1
        link:
          description:
            - The link.
          returned: when it is on a link
          type: str
          sample: eth0
        kind:
          description:
            - 'What it is: route, nat, firewall, bridge, bond, veth, vlan, vxlan, macvlan, wire, mtu or local.'
          returned: always
          type: str
          sample: route
        text:
          description:
            - The same in words.
          returned: always
          type: str
          sample: pair to eth0
        mtu:
          description:
            - The link's MTU.
          returned: when it is on a link
          type: int
          sample: 1500
"""
