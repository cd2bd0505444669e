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
author:
  - The hostnet.linux authors (@hostnet)
options:
  netns:
    description:
      - 'The network namespace to work in: a name under /run/netns, a path, or the number of a process in it. Left out, the host''s.'
    type: str
attributes:
  check_mode:
    description: The module changes nothing.
    support: full
  diff_mode:
    description: Shows the managed state before and after as YAML.
    support: none
notes:
  - 'The target needs neither Python nor C(ip) nor C(nft): the module is a static binary.'
"""

EXAMPLES = r"""
- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: Nothing changes when it is fed back
  hostnet.linux.network:
    bridges: "{{ found.network.bridges | default([]) }}"
"""

RETURN = r"""
network:
  description:
    - The host's network as the options of M(hostnet.linux.network).
  returned: success
  type: dict
"""
