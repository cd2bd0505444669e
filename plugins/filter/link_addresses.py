# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import ipaddress

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: link_addresses
short_description: The addresses of a bridge or another link
version_added: 1.1.0
author: The hostnet.linux authors (@hostnet)
description:
  - Looks a link up in what M(hostnet.linux.network_info) returns as RV(hostnet.linux.network_info#module:network).
positional: _input, name
options:
  _input:
    description: The host's network.
    type: dict
    required: true
  name:
    description: The link's name.
    type: str
    required: true
  family:
    description: Only addresses of IPv4 or of IPv6.
    type: int
    choices: [4, 6]
  plain:
    description: Whether to leave the lengths of the prefixes out.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: The bridge's IPv4 addresses, without their prefixes
  ansible.builtin.debug:
    msg: "{{ found.network | hostnet.linux.link_addresses('br-mgmt', family=4, plain=true) }}"
"""

RETURN = r"""
_value:
  description: The addresses.
  type: list
  elements: str
  sample: [172.29.236.11/22]
"""


def link_addresses(network, name, family=None, plain=False):
    if family not in (None, 4, 6):
        raise AnsibleFilterError("family is %r: it is 4 or 6" % (family,))
    if not isinstance(network, dict):
        raise AnsibleFilterError("the input is no dictionary: give it what hostnet.linux.network_info returns as network")
    links = {one["name"]: one for members in network.values() if isinstance(members, list) for one in members if isinstance(one, dict) and "name" in one}
    if name not in links:
        raise AnsibleFilterError("there is no link %s (there are: %s)" % (name, ", ".join(sorted(links)) or "none"))
    out = []
    for entry in links[name].get("addresses") or []:
        address = ipaddress.ip_interface("%s" % (entry["address"] if isinstance(entry, dict) else entry))
        if family in (None, address.version):
            out.append("%s" % (address.ip if plain else address))
    return out


class FilterModule:
    def filters(self):
        return {"link_addresses": link_addresses}
