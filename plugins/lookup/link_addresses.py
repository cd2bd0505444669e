# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: link_addresses
short_description: The addresses of a host's bridges or other links
version_added: 1.1.0
author: The hostnet.linux authors (@hostnet)
description:
  - Looks links up in the facts that M(hostnet.linux.network_info) has set with O(hostnet.linux.network_info#module:facts=true).
  - For what a task has registered there is the filter P(hostnet.linux.link_addresses#filter).
options:
  _terms:
    description: Names of links.
    type: list
    elements: str
    required: true
  host:
    description: The host of the inventory that has the links. By default that of the task.
    type: str
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
- name: Where the first infrastructure host listens
  ansible.builtin.debug:
    msg: "{{ query('hostnet.linux.link_addresses', 'br-mgmt', host=groups['infra'][0], family=4, plain=true) }}"
"""

RETURN = r"""
_raw:
  description: The addresses.
  type: list
  elements: str
  sample: [172.29.236.11/22]
"""

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hostnet.linux.plugins.filter.link_addresses import link_addresses
from ansible_collections.hostnet.linux.plugins.plugin_utils._facts import hostnet_facts


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        network = hostnet_facts(variables, self.get_option("host"))["network"]
        family, plain = self.get_option("family"), self.get_option("plain")
        try:
            return [address for name in terms for address in link_addresses(network, name, family=family, plain=plain)]
        except AnsibleError as error:
            raise AnsibleLookupError("%s" % error) from error
