# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: openstack
short_description: The hosts, containers and groups of an OpenStack-Ansible configuration
description:
  - Reads C(openstack_user_config.yml), C(conf.d), C(env.d) and C(openstack_inventory.json) on the controller, as
    OpenStack-Ansible's own inventory does, and changes none of them.
  - Each host and container has C(container_networks), C(physical_host) and C(component); the groups are those of
    OpenStack-Ansible.
  - A configuration with problems is refused as a whole, with all of them.
author:
  - The hostnet.linux authors (@hostnet)
version_added: 1.1.0
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [hostnet.linux.openstack]
  directory:
    description: The directory of C(openstack_user_config.yml). A relative one begins at the inventory's file.
    # Ansible would have a relative path begin where it was started.
    type: str
    default: /etc/openstack_deploy
  memory:
    description: The file with the names and addresses of earlier runs. By default C(openstack_inventory.json) in O(directory).
    type: str
  environment:
    description: The C(env.d) of an installed OpenStack-Ansible. By default the one in C(/opt/openstack-ansible), else a table.
    type: str
"""

EXAMPLES = r"""
# openstack.hostnet.yml
plugin: hostnet.linux.openstack
directory: /etc/openstack_deploy
"""

import json
import os
import platform
import subprocess

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible_collections.hostnet.linux.plugins.plugin_utils._binary import MACHINES, Binaries
from ansible_collections.hostnet.linux.plugins.plugin_utils._result import Trouble

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, where every variable is a template

    def trust_as_template(value):
        return value


def trusted(value):
    """The operator's own files may hold templates, as for OpenStack-Ansible's inventory."""
    if isinstance(value, dict):
        return {key: trusted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [trusted(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) else value


class InventoryModule(BaseInventoryPlugin):
    NAME = "hostnet.linux.openstack"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith((".hostnet.yml", ".hostnet.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        answer = self._plan(os.path.dirname(os.path.abspath(path)))
        if answer["problems"]:
            raise AnsibleParserError("the configuration is refused:\n%s" % "\n".join(self._line(one) for one in answer["problems"]))
        for warning in answer["warnings"]:
            self.display.warning(warning)
        for name, value in answer["all"]["vars"].items():
            inventory.set_variable("all", name, trusted(value))
        for name in answer["groups"]:
            inventory.add_group(name)
        for host, variables in answer["_meta"]["hostvars"].items():
            inventory.add_host(host)
            for name, value in variables.items():
                inventory.set_variable(host, name, trusted(value))
        for name, group in answer["groups"].items():
            for child in group["children"]:
                if child in answer["groups"]:
                    inventory.add_child(name, child)
            for host in group["hosts"]:
                inventory.add_child(name, host)

    def _plan(self, base):
        command = [self._binary(), "openstack", "plan", self._path(base, "directory"), "--inventory"]
        for option in ("memory", "environment"):
            if self.get_option(option):
                command += ["--" + option, self._path(base, option)]
        try:
            # The arguments are paths, and no shell reads them.
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError as error:
            raise AnsibleParserError("%s does not start: %s" % (command[0], error)) from error
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise AnsibleParserError(done.stderr.decode("utf-8", "replace").strip() or str(error)) from error

    def _path(self, base, option):
        return os.path.join(base, os.path.expanduser(os.path.expandvars(self.get_option(option))))

    @staticmethod
    def _binary():
        machine = platform.machine()
        try:
            binary = Binaries.of("network").get(MACHINES.get(machine))
        except Trouble as trouble:
            raise AnsibleParserError(str(trouble)) from trouble
        if binary is None:
            raise AnsibleParserError("the collection has no binary for this controller (%s)" % machine)
        if not os.access(binary.path, os.X_OK):
            # Galaxy's installer keeps the mode, a copy may not.
            raise AnsibleParserError("%s is not executable: chmod +x it" % binary.path)
        return binary.path

    @staticmethod
    def _line(problem):
        place = ":".join(str(part) for part in (problem["file"], problem["line"], problem["column"]) if part)
        return "%s: %s" % (" ".join(part for part in (place, problem["path"]) if part), problem["message"])
