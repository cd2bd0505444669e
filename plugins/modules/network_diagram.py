#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: network_diagram
short_description: Draws the network of one or many hosts
version_added: 1.1.0
description:
  - 'Draws hosts side by side below the physical networks that they share: cards, bonds, VLANs and bridges, and below these the containers with their
      interfaces, with addresses, tags, MTUs, and what is down or not as declared. Colours tell the traffic.'
  - 'It runs on the controller and asks no host: M(hostnet.linux.network_info) has done that.'
  - Hosts share a network where their switches tell the same name (LLDP), or where both use a subnet with the same VLAN.
author:
  - The hostnet.linux authors (@hostnet)
options:
  hosts:
    description:
      - 'The hosts in the order in which they are drawn: of each the result of M(hostnet.linux.network_info), which may be combined with that of
          M(hostnet.linux.container_info) and with a key C(name) that is drawn instead of its own. What M(hostnet.linux.network) takes is drawn as
          well, under a key C(network).'
    type: list
    elements: dict
    required: true
  format:
    description:
      - 'What to write: an SVG picture with its light and dark colours, a graph for Graphviz, a flowchart for Mermaid, or text.'
    type: str
    default: svg
    choices:
      - svg
      - dot
      - mermaid
      - text
  dest:
    description:
      - The file to write, on the host that the task runs on. Left out, the picture is only returned.
    type: str
  title:
    description:
      - What stands above the picture.
    type: str
  traffic:
    description:
      - 'What links carry whose names do not tell: by the name of the link V(management), V(storage), V(tunnel), V(provider), V(external) or V(lxc).'
    type: dict
  fold:
    description:
      - From how many containers of a host on those that are wired alike are drawn as one; 0 draws each. From 0 to 10000.
    type: int
    default: 9
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
  - module: hostnet.linux.container_info
"""

EXAMPLES = r"""
- name: Read every host's network
  hostnet.linux.network_info:
  register: found

- name: Draw all hosts on one page
  hostnet.linux.network_diagram:
    hosts: "{{ ansible_play_hosts | map('extract', hostvars, 'found') | list }}"
    dest: /tmp/network.svg
    title: The control plane
    traffic:
      br-lb: external
  delegate_to: localhost
  run_once: true
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
diagram:
  description:
    - The picture.
  returned: success
  type: str
  sample: |
    br0 (bridge, up)
    └─ eth0 (card, up)
dest:
  description:
    - The file.
  returned: success, when O(dest) is given
  type: str
  sample: /tmp/network.svg
"""
