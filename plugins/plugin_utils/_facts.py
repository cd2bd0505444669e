# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible.errors import AnsibleLookupError


def hostnet_facts(variables, host=None):
    """What network_info has set as facts, of this host or of another one of the inventory."""
    if host is not None:
        hosts = variables["hostvars"]
        if host not in hosts:
            raise AnsibleLookupError("there is no host %s in the inventory" % host)
        variables = hosts[host]
    facts = variables.get("ansible_facts", {}).get("hostnet")
    if facts is None:
        raise AnsibleLookupError("%s has no facts of hostnet.linux: run hostnet.linux.network_info with facts: true there first" % (host or "this host"))
    return facts
