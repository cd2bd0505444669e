# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import time

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.hostnet.linux.plugins.plugin_utils._result import Trouble

# Modules that have no option confirm.
UNGUARDED = (
    "async_status",
    "network_info",
    "network_diagram",
    "network_path",
    "lxc_host",
    "container",
    "container_info",
    "container_interface",
    "container_network",
)

# How long the controller goes on trying after the target's deadline, in seconds: the way back takes a moment too, and
# only the target knows whether the confirmation came in time.
PATIENCE = 30
PAUSE = 0.5

FINAL = ("confirmed", "too late", "failed")


def confirm(remote, planned):
    """
    Shows the target that its controller still reaches it, over a new connection: the old one may live on over a path
    that no new one could take. The target makes the change once it has answered, and undoes it unless this confirms it.
    """
    wanted = planned.pop("_hostnet_confirm")
    started = time.time()
    notice_dead(remote.connection)
    follow(remote.connection, wanted)
    question = {"_ansible_module_name": "hostnet.linux.network", "_hostnet_confirm": wanted["token"]}
    attempts, failure, answer = 0, None, {}
    while True:
        attempts += 1
        # The target begins when it has answered.
        time.sleep(PAUSE)
        try:
            # Without this the attempt hangs on the multiplexed session of before.
            remote.reset()
            answer = remote.run(question)
            if answer.get("verdict") == "ready":
                # The answer is from after the change, the connection that it came by may be from before it, and live
                # on over a path that no new one could take. The last word goes over one that was opened since.
                remote.reset()
                answer = remote.run(dict(question, _hostnet_nonce=answer["nonce"]))
            failure = answer.get("msg", answer.get("verdict"))
        except (AnsibleConnectionFailure, Trouble) as error:
            answer, failure = {}, error
        if answer.get("verdict") in FINAL:
            break
        passed = time.time() - started
        if answer.get("verdict") == "unknown" and passed >= PATIENCE:
            break
        if passed >= wanted["deadline_seconds"] + PATIENCE:
            return lost(planned, wanted, passed, failure)
    result = judged(planned, wanted, answer, round(time.time() - started, 1), attempts)
    if remote.connection.transport == "local":
        result.setdefault("warnings", []).append(
            "the connection is local: that a controller elsewhere still reaches this host cannot be proven"
        )
    return result


def notice_dead(connection):
    """ssh waits for ever on a connection that died while a command ran, unless it is told to look after it."""
    if connection.transport in ("ssh", "smart"):
        own = connection.get_option("ssh_extra_args") or ""
        connection.set_option("ssh_extra_args", (own + " -o ServerAliveInterval=2 -o ServerAliveCountMax=2").strip())


def follow(connection, wanted):
    """The host moves to another address: that is where the next connection goes."""
    if connection.transport not in ("ssh", "smart"):
        return
    for option in ("host", "port"):
        if option in wanted:
            connection.set_option(option, wanted[option])


def judged(planned, wanted, answer, seconds, attempts):
    """The target's own result, which it kept until the controller came for it."""
    verdict = answer["verdict"]
    result = answer.get("result") or planned
    result["confirm"] = {"verdict": verdict, "seconds": seconds, "attempts": attempts, "reason": wanted.get("reason", "")}
    result["confirm"].update({key: wanted[key] for key in ("host", "port") if key in wanted})
    if planned.get("warnings"):
        known = result.setdefault("warnings", [])
        known.extend(warning for warning in planned["warnings"] if warning not in known)
    if verdict == "confirmed":
        return result
    result["changed"] = False
    result["failed"] = True
    if verdict != "failed" or "msg" not in result:
        reason = answer.get("reason", "the host says no more")
        result["msg"] = "the change was rolled back: %s. The host could be reached again after %.1f seconds (%d attempts). What was tried is in actions" % (
            reason,
            seconds,
            attempts,
        )
        if verdict == "unknown":
            result["msg"] = "whether the change was made is not known: %s" % reason
    return result


def lost(result, wanted, seconds, failure):
    result["confirm"] = {"verdict": "unreachable", "seconds": round(seconds, 1)}
    result.update(
        failed=True,
        changed=False,
        msg="the host could not be reached for %.0f seconds after the change; it undoes the change by itself %d seconds after it. "
        "The last attempt said: %s" % (seconds, wanted["deadline_seconds"], failure),
    )
    return result
