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
attributes:
  check_mode:
    description: The module changes nothing.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: none
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
containers:
  description:
    - 'Each container with its C(state), C(init_pid), C(config_file) and C(interfaces): of each its C(name), its number in the configuration
        (C(net)), what is C(configured), and what is C(running), inside and outside. C(hooks) is what could not be done when it started, each with
        C(moment), C(at) and C(problem).'
  returned: success
  type: list
  elements: dict
"""
