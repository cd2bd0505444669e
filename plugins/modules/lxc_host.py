#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: lxc_host
short_description: Installs LXC and says what new containers get
version_added: 1.0.0
description:
  - Installs the packages that a host of LXC containers needs, and writes what a new container is given into /etc/lxc/default.conf.
  - Lines of others in that file stay. The role C(hostnet.linux.lxc_host) does this and sets up the bridge.
author:
  - The hostnet.linux authors (@hostnet)
options:
  state:
    description:
      - V(absent) puts /etc/lxc/default.conf back as it was before the first run. Packages stay.
    type: str
    default: present
    choices:
      - present
      - absent
  packages:
    description:
      - The packages to install where they are missing; an empty list installs none. Left out, it is lxc and dnsmasq, and on Debian lxc-templates,
          debootstrap and apparmor as well.
    type: list
    elements: str
  bridge:
    description:
      - The bridge that a new container is attached to.
    type: str
    default: lxcbr0
  interface:
    description:
      - What the interface is called inside.
    type: str
    default: eth0
  mtu:
    description:
      - The interface's MTU. Left out, LXC takes that of the bridge. From 68 to 65535.
    type: int
  mac_template:
    description:
      - The MAC address of a new container; each C(x) becomes a random digit.
    type: str
    default: 00:16:3e:xx:xx:xx
  default_config:
    description:
      - Further lines of /etc/lxc/default.conf, such as C(lxc.start.auto = 1). Each takes the place of lines with the same key.
    type: list
    elements: str
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
  - module: hostnet.linux.lxc_bridge
"""

EXAMPLES = r"""
- name: LXC, whose containers start on lxcbr0
  hostnet.linux.lxc_host:

- name: New containers start at boot, on another bridge
  hostnet.linux.lxc_host:
    packages: [lxc]
    bridge: lxcbr1
    mtu: 1400
    default_config:
      - lxc.start.auto = 1
      - lxc.apparmor.profile = generated

- name: What new containers get is as it was before the first task
  hostnet.linux.lxc_host:
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
"""
