# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import hashlib
import json
import os

from ansible_collections.hostnet.linux.plugins.plugin_utils._result import Trouble

# The binary of each module that is not in "hostnet".
OTHERS = dict.fromkeys(["container", "container_info", "container_interface", "container_network"], "hostnet-lxc")

# What `uname -m` prints, and Go's name for it.
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bin")


class Binary:
    """One file of a program, known by its SHA-256 and its size in bytes."""

    def __init__(self, program, path, sha256, size):
        self.program = program
        self.path = path
        self.sha256 = sha256
        # What its folder is called on the target.
        self.name = "%s.%s" % (sha256, program)
        self.size = size

    def read(self):
        with open(self.path, "rb") as stream:
            return stream.read()


class Binaries:
    """The files of one program for every architecture that there is one for, keyed by Go's name of it."""

    cache = {}

    @classmethod
    def of(cls, module):
        program = OTHERS.get(module, "hostnet")
        if program not in cls.cache:
            cls.cache[program] = cls._load(program)
        return cls.cache[program]

    @classmethod
    def _load(cls, program):
        found = {}
        digests = cls._digests()
        for architecture in sorted(set(MACHINES.values())):
            key = "linux_%s/%s" % (architecture, program)
            path = os.path.join(FOLDER, key)
            if not os.path.isfile(path):
                continue
            digest = digests.get(key)
            if digest is None or digest["size"] != os.path.getsize(path):
                # A checkout that was built by hand has no digests, or old ones.
                with open(path, "rb") as stream:
                    content = stream.read()
                digest = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            found[architecture] = Binary(program, path, digest["sha256"], digest["size"])
        if not found:
            raise Trouble("the collection has no binary %s in %s: install the built collection, or run `make build`" % (program, FOLDER))
        return found

    @staticmethod
    def _digests():
        """Computed when the collection is built, since reading megabytes for each task costs more than the task."""
        try:
            with open(os.path.join(FOLDER, "digests.json")) as stream:
                return json.load(stream)
        except (OSError, ValueError):
            return {}
