# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: card
short_description: The name of a network card by its MAC or PCI address
version_added: 1.1.0
author: The hostnet.linux authors (@hostnet)
description:
  - Looks a card up in what M(hostnet.linux.network_info) returns as RV(hostnet.linux.network_info#module:cards).
positional: _input
options:
  _input:
    description: The cards.
    type: list
    elements: dict
    required: true
  mac:
    description: The card's own MAC address, also while it is the port of a bond.
    type: str
  pci_address:
    description: The card's place on the PCI bus, as in V(0000:00:05.0).
    type: str
"""

EXAMPLES = r"""
- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: The card in a slot
  ansible.builtin.debug:
    msg: "{{ found.cards | hostnet.linux.card(pci_address='0000:00:05.0') }}"
"""

RETURN = r"""
_value:
  description: The card's name.
  type: str
  sample: eth0
"""


def card(cards, mac=None, pci_address=None):
    wanted = {"mac": mac, "pci_address": pci_address}
    wanted = {key: plain(value) for key, value in wanted.items() if value is not None}
    if not wanted:
        raise AnsibleFilterError("mac or pci_address is required")
    if not isinstance(cards, list) or not all(isinstance(one, dict) for one in cards):
        raise AnsibleFilterError("the input is not a list of cards: give it what hostnet.linux.network_info returns as cards")
    found = [one["name"] for one in cards if all(plain(one.get(key, "")) == value for key, value in wanted.items())]
    if len(found) != 1:
        known = ", ".join(" ".join("%s" % value for value in one.values()) for one in cards)
        raise AnsibleFilterError("%d cards have %s (there are: %s)" % (len(found), " and ".join(sorted(wanted.values())), known or "none"))
    return found[0]


def plain(text):
    return ("%s" % text).lower().replace("-", ":")


class FilterModule:
    def filters(self):
        return {"card": card}
