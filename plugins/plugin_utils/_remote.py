# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import json
import random
import shlex
import time

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.hostnet.linux.plugins.plugin_utils import _script as script
from ansible_collections.hostnet.linux.plugins.plugin_utils._binary import MACHINES
from ansible_collections.hostnet.linux.plugins.plugin_utils._result import Trouble, excerpt, parse, unloadable

FOREGROUND = 'exec "$p" stored'


class Remote:
    """Runs modules on the target: one round trip when it has the binary, two when it lacks it."""

    def __init__(self, action, binaries):
        self.action = action
        self.binaries = binaries
        self.connection = action._connection

    def run(self, arguments):
        return parse(self._invoke(arguments, FOREGROUND))

    def start(self, arguments, limit):
        """Starts the module in the background, as Ansible's async_wrapper does, but without Python."""
        job = "j%d.%d" % (random.randint(0, 999999999999), random.randint(0, 999999))
        return parse(self._invoke(arguments, script.background(job, self._jobs(), limit)))

    def wait(self, job, limit, pause):
        """The answer of a module in the background, once it has ended. Connections may fail meanwhile."""
        command = script.status(job, self._jobs())
        # The target ends the module in time. What it says then takes another look.
        deadline = time.time() + limit + pause
        while True:
            time.sleep(pause)
            try:
                answer = parse(self._execute(command))
                if "started" not in answer:
                    return dict(answer, finished=True, ansible_job_id=job)
            except (AnsibleConnectionFailure, Trouble) as error:
                if time.time() >= deadline:
                    raise Trouble("the background job %s did not answer within %d seconds: %s" % (job, limit, error)) from error
                self.reset()
            else:
                if time.time() >= deadline:
                    raise Trouble("the background job %s did not end within %d seconds" % (job, limit))

    def jobs(self):
        """The folder of job files, as the operator writes it."""
        return self.action.get_shell_option("async_dir", default="~/.ansible_async")

    def _jobs(self):
        """That for the shell, which expands a tilde only outside of quotes."""
        folder = self.jobs()
        return '"$HOME"' + shlex.quote(folder[1:]) if folder.startswith("~/") else shlex.quote(folder)

    def reset(self):
        self.connection.reset()

    def _invoke(self, arguments, action):
        text = json.dumps(arguments, default=str).encode("utf-8")
        if not getattr(self.connection, "has_pipelining", False):
            return self._by_files(text, action)
        execution = self._execute(script.run(self.binaries, action), text)
        if needs_terminal(execution):
            return self._by_files(text, action)
        binary = self._missed(execution)
        if binary is None:
            return execution
        return checked(self._execute(script.store(binary, action), binary.read() + text))

    def _by_files(self, text, action):
        """For connections that have no standard input to offer, such as sudo with requiretty."""
        made = self.connection._shell.tmpdir is None
        folder = self.connection._shell.tmpdir or self.action._make_tmp_path()
        try:
            arguments = self.connection._shell.join_path(folder, "arguments.json")
            self.action._transfer_data(arguments, text.decode("utf-8"))
            self.action._fixup_perms2((folder, arguments), execute=False)
            quoted = shlex.quote(arguments)
            execution = self._execute(script.run(self.binaries, action, quoted))
            binary = self._missed(execution)
            if binary is None:
                return execution
            program = self.connection._shell.join_path(folder, "program")
            self.action._transfer_file(binary.path, program)
            self.action._fixup_perms2((folder, program), execute=False)
            return checked(self._execute(script.store(binary, action, shlex.quote(program), quoted)))
        finally:
            if made:
                self.action._remove_tmp_path(self.connection._shell.tmpdir)

    def _execute(self, text, data=None):
        command = "/bin/sh -c " + shlex.quote(text)
        environment = self.action._compute_environment_string()
        if environment:
            command = "/bin/sh -c " + shlex.quote("%s %s" % (environment, command))
        # Left to itself, Ansible starts two more programs, lest a terminal that closes loses what was said
        # (https://github.com/ansible/ansible/issues/13876). Data on standard input means that there is no terminal.
        executable = None if data is None else False
        return self.action._low_level_execute_command(command, sudoable=True, in_data=data, executable=executable)

    def _missed(self, execution):
        """The binary that the target lacks, or None when the module has run."""
        for line in execution.get("stdout", "").splitlines():
            if not line.startswith(script.MISS):
                continue
            machine = line[len(script.MISS):].strip()
            architecture = MACHINES.get(machine)
            if architecture not in self.binaries:
                raise Trouble(
                    "the collection has no binary for this target's architecture (%s): it has %s" % (machine, ", ".join(sorted(self.binaries)))
                )
            return self.binaries[architecture]
        return None


def needs_terminal(execution):
    said = execution.get("stdout", "") + execution.get("stderr", "")
    return execution.get("rc") != 0 and "must have a tty" in said


def checked(execution):
    """The answer of a module that was stored first, unless it could not be stored."""
    for line in execution.get("stdout", "").splitlines():
        if line.startswith(script.FAULT):
            fault = line[len(script.FAULT):].strip()
            raise Trouble("cannot run the module: %s" % (unloadable(fault) or fault), module_stderr=excerpt(execution.get("stderr", "")))
    return execution
