# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: card
short_description: The name of a host's network card by its MAC or PCI address
version_added: 1.1.0
author: The hostnet.linux authors (@hostnet)
description:
  - Looks a card up in the facts that M(hostnet.linux.network_info) has set with O(hostnet.linux.network_info#module:facts=true).
  - For what a task has registered there is the filter P(hostnet.linux.card#filter).
options:
  _terms:
    description: MAC or PCI addresses, as in V(52:54:00:12:34:56) and V(0000:00:05.0).
    type: list
    elements: str
    required: true
  host:
    description: The host of the inventory that has the card. By default that of the task.
    type: str
"""

EXAMPLES = r"""
- name: Read the host's network
  hostnet.linux.network_info:
    facts: true

- name: A bond of two cards, whatever the kernel calls them
  hostnet.linux.bond:
    name: bond0
    ports: "{{ query('hostnet.linux.card', '0000:00:05.0', '0000:00:06.0') }}"
"""

RETURN = r"""
_raw:
  description: The cards' names.
  type: list
  elements: str
  sample: [eth0]
"""

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hostnet.linux.plugins.filter.card import card
from ansible_collections.hostnet.linux.plugins.plugin_utils._facts import hostnet_facts


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        cards = hostnet_facts(variables, self.get_option("host"))["cards"]
        try:
            return [card(cards, **{"pci_address" if "." in term else "mac": term}) for term in terms]
        except AnsibleError as error:
            raise AnsibleLookupError("%s" % error) from error
