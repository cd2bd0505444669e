# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell scripts that run on the target. They need a POSIX shell, and sha256sum to store a binary."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.hostnet.linux.plugins.plugin_utils.binary import MACHINES

# What the scripts print, on a line of its own, when they cannot run the module.
MISS = "HOSTNET-MISS"
FAULT = "HOSTNET-FAULT"

# Where a binary is kept: the first of these that the user owns and that programs may be run from.
FOLDERS = '"${HOME:-/nonexistent}/.cache/hostnet" "/var/tmp/hostnet-$u" "/tmp/hostnet-$u"'

# How many versions stay. Two controllers may be on different ones.
VERSIONS = 3

# sound FOLDER FILE SIZE: both belong to this user, nobody else can write to them, and the file is whole. A symbolic
# link is neither a folder nor a file here.
SOUND = """\
u=$(id -u)
sound() {
[ "$(find "$1" "$2" -prune -user "$u" ! -perm -020 ! -perm -002 \\( -type d -o -type f -size "$3"c -perm -100 \\) 2>/dev/null)" = "$1
$2" ]
}
"""


def run(binaries, action, arguments=None):
    """Runs the stored binary, or prints a miss with the machine's architecture."""
    cases = ""
    for machine, architecture in sorted(MACHINES.items()):
        if architecture in binaries:
            binary = binaries[architecture]
            cases += "%s) h=%s n=%d;;\n" % (machine, binary.sha256, binary.size)
    return (
        SOUND
        + "m=$(uname -m)\ncase $m in\n"
        + cases
        + '*) echo "%s $m"; exit 0;;\nesac\n' % MISS
        + "for d in %s; do\n" % FOLDERS
        + 'p=$d/$h\nif sound "$d" "$p" "$n"; then\n'
        + _invoke(action, arguments)
        + "\nfi\ndone\n"
        + 'echo "%s $m"' % MISS
    )


def store(binary, action, source=None, arguments=None):
    """
    Stores the binary and runs it. Both come on standard input, the binary first, unless they are in files.

    All of standard input goes to a file at once: busybox's head reads more than it is asked for.
    """
    if source is None:
        fetch = 'cat >"$t" && tail -c +%d "$t" >"$t.args" && head -c %d "$t" >"$t.bin"' % (binary.size + 1, binary.size)
        arguments = None
    else:
        fetch = "cat %s >\"$t.bin\"" % source
    return (
        SOUND
        + "umask 077\ntried=\nt=\n"
        + "trap 'rm -f \"$t\" \"$t.args\" \"$t.bin\" \"$t.run\"' EXIT\n"
        + 'command -v sha256sum >/dev/null || { echo "%s the target has no sha256sum: install coreutils or busybox"; exit 0; }\n' % FAULT
        + "for d in %s; do\n" % FOLDERS
        + 'mkdir -p "$d" 2>/dev/null && chmod 700 "$d" 2>/dev/null || continue\n'
        + '[ "$(find "$d" -prune -type d -user "$u" 2>/dev/null)" = "$d" ] || continue\n'
        + "h=%s\np=$d/$h\n" % binary.sha256
        + 'if [ -z "$t" ]; then\nt=$d/.new.$$\n'
        + "if ! { %s; } 2>/dev/null; then\n" % fetch
        + 'echo "%s cannot write to $d: is the disk full?"; exit 0\nfi\n' % FAULT
        + 'case $(sha256sum <"$t.bin") in\n"$h "*) ;;\n'
        + '*) echo "%s the binary was damaged on its way"; exit 0;;\nesac\nfi\n' % FAULT
        + 'r=$d/.run.$$\ncp "$t.bin" "$r" && chmod 700 "$r" || { rm -f "$r"; continue; }\n'
        + 'if ! "$r" version >/dev/null 2>&1; then rm -f "$r"; tried="$tried $d"; continue; fi\n'
        + '[ -d "$p" ] && [ ! -L "$p" ] && rm -rf "$p"\n'
        + 'mv -f "$r" "$p" || { rm -f "$r"; continue; }\n'
        + 'ls -t "$d" | tail -n +%d | while read -r old; do rm -rf "$d/$old"; done\n' % (VERSIONS + 1)
        + _invoke(action, arguments, '"$t.args"' if source is None else None)
        + "\ndone\n"
        + 'echo "%s no folder can hold the program${tried:+; programs may not be run from:$tried}'
        ' (mounted noexec?): tried %s"' % (FAULT, FOLDERS.replace('"', ""))
    )


def _invoke(action, arguments, held=None):
    """action is Python's %-pattern for a command with the program in $p; held arguments are opened and removed first."""
    text = ""
    source = arguments or held
    if source:
        text += "exec <%s\n" % source
    if held:
        text += 'rm -f "$t" "$t.args" "$t.bin"\ntrap - EXIT\n'
    return text + action


def background(job, folder, limit):
    """
    The action that starts the module and lets go of it. The job file is what async_status reads: it says finished when
    it has no "started" (lib/ansible/modules/async_status.py).
    """
    return (
        "umask 077\nmkdir -p %(folder)s && f=%(folder)s/%(job)s || exit 1\n"
        'cat >"$f.args"\n'
        'echo \'{"started": 1, "finished": 0, "ansible_job_id": "%(job)s"}\' >"$f"\n'
        '( "$p" module <"$f.args" >"$f.new" 2>"$f.err" & w=$!\n'
        "( sleep %(limit)d; kill $w 2>/dev/null ) >/dev/null 2>&1 & k=$!\n"
        "wait $w; c=$?; kill $k 2>/dev/null\n"
        '[ -s "$f.new" ] || echo \'{"failed": true, "msg": "the module gave no answer in %(limit)d seconds"}\' >"$f.new"\n'
        'mv -f "$f.new" "$f"; rm -f "$f.args" "$f.err" ) </dev/null >/dev/null 2>&1 &\n'
        'echo "{\\"started\\": 1, \\"finished\\": 0, \\"ansible_job_id\\": \\"%(job)s\\", \\"results_file\\": \\"$f\\"}"; exit 0'
    ) % {"job": job, "folder": folder, "limit": limit}
