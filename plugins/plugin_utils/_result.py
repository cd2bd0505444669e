# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import json

# How much of an unreadable answer is shown.
EXCERPT = 2000

# What the loader says of hostnet-lxc on a host that it does not fit, and what to do about it.
UNLOADABLE = (
    ("liblxc.so", "the target has no LXC: install liblxc1 (Debian, Ubuntu) or lxc-libs (Fedora, EPEL)"),
    ("version `GLIBC_", "the target's C library is too old for the modules about containers: they need glibc 2.34 or newer"),
)


class Trouble(Exception):
    """A task that failed before there was an answer; result is what the operator sees."""

    def __init__(self, message, **more):
        super().__init__(message)
        self.result = dict(failed=True, msg=message, **more)


def parse(execution):
    """The module's answer. A login banner or a shell's greeting may stand before it, each on its own line."""
    for line in reversed(execution.get("stdout", "").splitlines()):
        line = line.strip()
        if not line.startswith("{"):
            continue
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict):
            return answer
    return_code = execution.get("rc")
    unfit = unloadable(execution.get("stdout", "") + execution.get("stderr", ""))
    if unfit:
        raise Trouble(unfit, rc=return_code, module_stderr=excerpt(execution.get("stderr", "")))
    message = "the module gave no answer (exit code %s)" % return_code
    if isinstance(return_code, int) and return_code > 128:
        message += ": a signal ended it, number %d" % (return_code - 128)
    raise Trouble(
        message,
        rc=return_code,
        module_stdout=excerpt(execution.get("stdout", "")),
        module_stderr=excerpt(execution.get("stderr", "")),
    )


def unloadable(said):
    """What to do when the loader could not start the program, or None."""
    for sign, advice in UNLOADABLE:
        if sign in said:
            return advice
    return None


def excerpt(text):
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "..."
