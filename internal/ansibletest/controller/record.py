"""Writes each task's result as one line of JSON, as an operator's callback plugin would get it."""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: records results for the tests
description: Writes each task's result as one line of JSON.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    started = 0

    def v2_runner_on_start(self, host, task):
        self.started = time.monotonic()

    def _record(self, status, result):
        # 2.21 has the names without the underscore.
        task = getattr(result, "task", None) or result._task
        values = getattr(result, "result", None)
        if values is None:
            values = result._result
        with open(os.environ["RECORD"], "a") as stream:
            json.dump({"task": task.get_name(), "status": status, "seconds": time.monotonic() - self.started, "result": values}, stream, default=str)
            stream.write("\n")

    def v2_runner_on_ok(self, result):
        self._record("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record("failed", result)

    def v2_runner_on_unreachable(self, result):
        self._record("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._record("skipped", result)
