#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: container
short_description: Makes, starts, stops and deletes an LXC container
version_added: 1.0.0
description:
  - Makes an LXC container by one of LXC's templates or of a root file system, starts it, and waits until its addresses answer.
  - 'A step that fails leaves what those before it did, so that it can be looked at: the next run goes on from there.'
author:
  - The hostnet.linux authors (@hostnet)
options:
  name:
    description:
      - The container's name.
    type: str
    required: true
  lxc_path:
    description:
      - The folder of the containers. Left out, LXC's own, usually C(/var/lib/lxc).
    type: str
  state:
    description:
      - V(present) only makes the container where it is missing, V(started) starts it too and waits until its addresses answer, V(stopped) makes and
          stops it, V(absent) stops and deletes it with all its files.
    type: str
    default: started
    choices:
      - started
      - present
      - stopped
      - absent
  template:
    description:
      - One of LXC's templates, such as V(busybox) or V(download), or the path of one on the target, for a container that is missing.
    type: str
  template_options:
    description:
      - The template's own arguments, such as V(--dist), V(debian).
    type: list
    elements: str
  rootfs:
    description:
      - In place of O(template), a folder or a tar archive on the target that is copied and becomes the root file system of a container that is
          missing. Nothing is needed in it but a program to start, C(/sbin/init) unless O(config) has another. With C(lxc.idmap) in O(config) its
          files are given to those whom the container's users are on the host.
    type: str
  config:
    description:
      - Further lines of the container's configuration, such as C(lxc.start.auto = 1). They are added where they are missing, and count from the next
          start on. Interfaces are declared with M(hostnet.linux.container_network).
    type: list
    elements: str
  wait_timeout:
    description:
      - How many seconds the addresses of a started container may take to answer; 0 does not wait for them. From 0 to 3600.
    type: int
    default: 60
attributes:
  check_mode:
    description: Shows exactly the steps that a run then performs.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: full
notes:
  - 'The target needs neither Python nor C(ip): the module is a binary that needs LXC''s library alone. Containers need nothing.'
requirements:
  - LXC 5.0 or newer with its library (liblxc1 in Debian, lxc-libs in Fedora)
  - glibc 2.34 or newer
seealso:
  - module: hostnet.linux.container_network
  - module: hostnet.linux.container_interface
  - module: hostnet.linux.container_info
"""

EXAMPLES = r"""
- name: A container of a root file system that is on the host
  hostnet.linux.container:
    name: infra1_utility_container-a1b2c3d4
    rootfs: /var/cache/debian-12.tar.gz
    state: present
    config:
      - lxc.start.auto = 1

- name: Its interfaces
  hostnet.linux.container_network:
    container: infra1_utility_container-a1b2c3d4
    interfaces:
      - {name: eth0, bridge: lxcbr0, dhcp: true}
      - {name: eth1, bridge: br-mgmt, addresses: [172.29.236.101/22]}

- name: Start it and wait until its addresses answer
  hostnet.linux.container:
    name: infra1_utility_container-a1b2c3d4
    state: started
"""

RETURN = r"""
actions:
  description:
    - 'The steps in the order in which they run (in check mode: would run): what is done, on which object, which options go from what to what, and
        what it costs the traffic (none, port flap, link down, recreate).'
  returned: success
  type: list
  elements: dict
containers:
  description:
    - 'Each container with its C(state), C(init_pid), C(config_file) and C(interfaces): of each its C(name), its number in the configuration
        (C(net)), what is C(configured), and what is C(running), inside and outside. C(hooks) is what could not be done when it started, each with
        C(moment), C(at) and C(problem).'
  returned: success
  type: list
  elements: dict
problems:
  description:
    - Every problem with the arguments, each with the path of the option and a message.
  returned: when the arguments are wrong
  type: list
  elements: dict
"""
