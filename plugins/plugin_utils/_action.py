# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.hostnet.linux.plugins.plugin_utils._binary import Binaries
from ansible_collections.hostnet.linux.plugins.plugin_utils._confirm import UNGUARDED, confirm
from ansible_collections.hostnet.linux.plugins.plugin_utils._remote import Remote
from ansible_collections.hostnet.linux.plugins.plugin_utils._result import Trouble


class ActionModule(ActionBase):
    """
    Runs every module of the collection. Each has a file in plugins/action that leads here: what is named like the module
    Ansible loads before it forks, and so compiles once, not in the process of each task.
    """

    def run(self, tmp=None, task_vars=None):
        # ansible-core 2.14 ignores these as attributes of the class.
        self._supports_check_mode = True
        self._supports_async = True
        result = super().run(tmp, task_vars)
        if result.get("skipped") or result.get("failed"):
            return result
        name = self._task.action.split(".")[-1]
        # What Ansible adds for modules in Python (ActionBase._update_module_args) would take longer to look up than to send.
        arguments = dict(
            self._task.args,
            _ansible_module_name="hostnet.linux." + name,
            _ansible_check_mode=self._task.check_mode,
            _ansible_diff=self._task.diff,
            _ansible_verbosity=self._display.verbosity,
        )
        try:
            remote = Remote(self, Binaries.of(name))
            if name == "async_status":
                arguments["_async_dir"] = remote.jobs()
            if self._task.async_val and self._task.poll <= 0 and name not in UNGUARDED:
                # Nobody comes back to confirm it.
                arguments.setdefault("confirm", "off")
            if self._task.async_val:
                result.update(self._background(remote, arguments))
            else:
                result.update(remote.run(arguments))
            if "_hostnet_confirm" in result:
                result = confirm(remote, result)
        except Trouble as trouble:
            result.update(trouble.result)
        except AnsibleConnectionFailure:
            # The strategy calls the host unreachable.
            raise
        except AnsibleError as error:
            result.update(failed=True, msg="%s" % error)
        if self._display.verbosity >= 3:
            # As modules in Python return it. No option of the collection is a secret; no_log of the task hides all of it.
            result.setdefault("invocation", {"module_args": dict(self._task.args)})
        if self._task.no_log and result.get("failed"):
            # ansible-core 2.19 and newer show the message of a failure whatever no_log says.
            result["msg"] = "the task failed, and no_log hides why"
        return result

    def _background(self, remote, arguments):
        limit, pause = self._task.async_val, self._task.poll
        job = remote.start(arguments, limit)
        if job.get("failed") or pause <= 0:
            return job
        # Ansible would wait with its async_status module, which needs Python on the target.
        self._task.async_val = 0
        return remote.wait(job["ansible_job_id"], limit, pause)
