#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
module: container_info
short_description: Tells about LXC containers and their network interfaces
version_added: 1.0.0
description:
  - Tells which LXC containers there are, what state they are in, and their network interfaces inside and out.
author:
  - The hostnet.linux authors (@hostnet)
options:
  lxc_path:
    description:
      - The folder of the containers. Left out, LXC's own, usually C(/var/lib/lxc).
    type: str
  containers:
    description:
      - The containers to tell about. Left out, all.
    type: list
    elements: str
  facts:
    description:
      - Whether to set the fact C(ansible_facts.hostnet_containers) to what is returned as C(containers).
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
  - 'The target needs neither Python nor C(ip): the module is a binary that needs LXC''s library alone. Containers need nothing.'
requirements:
  - LXC 5.0 or newer with its library (liblxc1 in Debian, lxc-libs in Fedora)
  - glibc 2.34 or newer
seealso:
  - module: hostnet.linux.container_interface
  - module: hostnet.linux.container_network
"""

EXAMPLES = r"""
- name: All containers
  hostnet.linux.container_info:
  register: all

- name: Two of them
  hostnet.linux.container_info:
    containers: [web1, web2]
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
