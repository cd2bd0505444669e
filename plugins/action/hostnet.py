# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.hostnet.linux.plugins.plugin_utils.binary import Binaries
from ansible_collections.hostnet.linux.plugins.plugin_utils.confirm import confirm
from ansible_collections.hostnet.linux.plugins.plugin_utils.remote import Remote
from ansible_collections.hostnet.linux.plugins.plugin_utils.result import Trouble


class ActionModule(ActionBase):
    """Runs every module of the collection: meta/runtime.yml routes them here."""

    def run(self, tmp=None, task_vars=None):
        # ansible-core 2.14 ignores these as attributes of the class.
        self._supports_check_mode = True
        self._supports_async = True
        result = super(ActionModule, self).run(tmp, task_vars)
        if result.get("skipped") or result.get("failed"):
            return result
        name = self._task.action.split(".")[-1]
        arguments = dict(self._task.args)
        self._update_module_args(name, arguments, task_vars)
        arguments["_ansible_module_name"] = "hostnet.linux." + name
        try:
            remote = Remote(self, Binaries.of(name), task_vars)
            if self._task.async_val:
                result.update(remote.start(arguments, self._task.async_val))
                return result
            result.update(remote.run(arguments))
            if "_hostnet_confirm" in result:
                result = confirm(remote, result)
        except Trouble as trouble:
            result.update(trouble.result)
        except AnsibleError as error:
            # An unreachable host has an exception of its own, which must reach the strategy.
            if type(error).__name__ == "AnsibleConnectionFailure":
                raise
            result.update(failed=True, msg="%s" % error)
        return result
