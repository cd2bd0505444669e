# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import time

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.hostnet.linux.plugins.plugin_utils.result import Trouble

# The target's deadline must be the later one, or a confirmation could cross with a rollback.
MARGIN = 3
PAUSE = 1


def confirm(remote, result):
    """
    Shows the target that its controller still reaches it, over a new connection: the old one may live on over a path
    that no new one could take. The target waits for this and undoes the change if it does not come.
    """
    wanted = result.pop("_hostnet_confirm")
    if remote.connection.transport == "local":
        result.setdefault("warnings", []).append(
            "the connection is local: that a controller elsewhere still reaches this host cannot be proven"
        )
    started = time.time()
    deadline = started + max(1, wanted["deadline_seconds"] - MARGIN)
    failure = None
    while True:
        try:
            # Without this the attempt hangs on the multiplexed session of before.
            remote.reset()
            verdict = remote.run({"_ansible_module_name": "hostnet.linux.network", "_hostnet_confirm": wanted["token"]})
            break
        except (AnsibleConnectionFailure, Trouble) as error:
            failure = error
        if time.time() >= deadline:
            return lost(result, wanted, time.time() - started, failure)
        time.sleep(PAUSE)
    away = round(time.time() - started, 1)
    verdict_name = verdict.get("verdict", "unknown")
    result["confirm"] = {"verdict": verdict_name, "seconds": away}
    if verdict_name != "confirmed":
        result.update(
            failed=True,
            changed=False,
            msg="the change was not confirmed (%s after %.1f seconds): %s" % (verdict_name, away, verdict.get("msg", "the host undid it")),
        )
    return result


def lost(result, wanted, seconds, failure):
    result["confirm"] = {"verdict": "unreachable", "seconds": round(seconds, 1)}
    result.update(
        failed=True,
        changed=False,
        msg="the host could not be reached for %.0f seconds after the change, so it undoes it by itself within %d seconds of the change; "
        "the last attempt said: %s" % (seconds, wanted["deadline_seconds"], failure),
    )
    return result
