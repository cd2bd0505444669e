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
      - V(present) only makes the container where it is missing, V(started) starts it too and waits until its network works, V(stopped) makes and
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
      - 'Further lines of the container''s configuration, such as C(lxc.start.auto = 1): each key gets these values, by one line each, and counts
          from the next start on. A key without a value, as in C(lxc.start.auto =), is removed. Of keys that may stand several times, such as
          C(lxc.mount.entry), the lines that others wrote stay. Interfaces are declared with M(hostnet.linux.container_network).'
    type: list
    elements: str
  wait_for:
    description:
      - 'What a started container must have within O(wait_timeout): V(carrier) is every interface with its link up, V(address) each of its static and
          leased addresses too, which answer on their bridge, V(gateway) also an answer of the router of every default route, by ARP or neighbour
          discovery. Without it the task fails with what the hooks and LXC say, and the container is as it was.'
    type: str
    default: address
    choices:
      - none
      - carrier
      - address
      - gateway
  wait_timeout:
    description:
      - How many seconds what O(wait_for) names may take; 0 does not wait for it. From 0 to 3600.
    type: int
    default: 60
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
