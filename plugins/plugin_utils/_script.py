# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell scripts that run on the target. They need a POSIX shell, and sha256sum to store a binary."""

from ansible_collections.hostnet.linux.plugins.plugin_utils._binary import MACHINES

# What the scripts print, on a line of its own, when they cannot run the module.
MISS = "HOSTNET-MISS"
FAULT = "HOSTNET-FAULT"

# Where binaries are kept: the first of these that the user owns and that programs may be run from. Each is in a folder of
# its own there. Root's are for every user: only root can have put them there.
SHARED = "/var/cache/hostnet"
HOME = '"$HOME/.cache/hostnet"'
OTHERS = '"/var/tmp/hostnet-$u" "/tmp/hostnet-$u"'

# How many versions of a program stay. Two controllers may be on different ones.
VERSIONS = 3

# machine: the kernel says it since Linux 6.1, and to read a file takes no process, each of which costs milliseconds.
#
# sound FOLDER: the folder, the binary's own, and the binary belong to this user, and the binary may be run, which "-x"
# denies where the file system is mounted noexec. It was moved into its folder after it was written, so what is newer than
# its folder has been written to since. The binary itself looks after the modes. A symbolic link is neither a folder nor a
# file here.
#
# Names may lead elsewhere a moment later where somebody else owns a folder above. So the binary is opened once, as
# descriptor 9, and what is checked and run is that ($p). It must be what its name ($q) led to while that was no link: root's
# own files, such as a shell, could otherwise be put in its place.
SOUND = """\
{ read -r m </proc/sys/kernel/arch; } 2>/dev/null || m=$(uname -m)
p=/proc/self/fd/9
sound() {
v=$1/$h q=$1/$h/%s
[ -O "$1" ] && [ ! -L "$1" ] && [ -O "$v" ] && [ ! -L "$v" ] && [ -f "$q" ] && [ ! -L "$q" ]
}
same() {
[ -f $p ] && [ -O $p ] && [ -s $p ] && [ -x $p ] && [ ! $p -nt "$v" ] && [ ! -L "$q" ] && [ "$q" -ef $p ]
}
"""

# Root, and no other user.
OWN_SHARED = "[ -O /var/cache ]"

# A user may run root's binary where nobody but root could have put another one in its place. The user's own copy of it, from
# a time before root had one, takes room only.
USE_SHARED = """\
q=%s/$h/%s
if [ -f "$q" ] && [ -x "$q" ]; then
set -- $(find /var /var/cache %s "${q%%/*}" "$q" -prune -user 0 ! -type l ! -perm -020 ! -perm -002)
if [ $# -eq 5 ]; then
%s{
%s
} 9<"$q"
fi
fi
"""

# A home, or its .cache, that is not this user's holds no program: its owner could put anything into it.
OWN_HOME = '[ -n "$HOME" ] && [ -O "$HOME" ] && [ -O "$HOME/.cache" ]'


def run(binaries, action, arguments=None):
    """
    Runs the stored binary, or prints a miss with the machine's architecture. The action is a command with the program in $p
    and the module's arguments on standard input, which are in a file if arguments names one.
    """
    cases = ""
    for machine, architecture in sorted(MACHINES.items()):
        if architecture in binaries:
            cases += "%s) h=%s;;\n" % (machine, binaries[architecture].name)
    program = next(iter(binaries.values())).program
    tidy = '[ ! -d %(d)s/"$h" ] || ! %(own)s || rm -rf %(d)s/"$h"\n' % {"d": HOME, "own": "{ %s; }" % OWN_HOME}
    opened = "%s%s" % ("exec <%s\n" % arguments if arguments else "", action)
    start = 'if sound "$d"; then\n{ if same; then\n%s\nfi; } 9<"$q"\nfi\n' % opened
    return (
        SOUND % program
        + "case $m in\n"
        + cases
        + '*) echo "%s $m"; exit 0;;\nesac\n' % MISS
        + "if %s; then\nd=%s\n%selse\n%sfi\n" % (OWN_SHARED, SHARED, start, USE_SHARED % (SHARED, program, SHARED, tidy, opened))
        + "if %s; then\nd=%s\n%sfi\n" % (OWN_HOME, HOME, start)
        + "u=$(id -u)\nfor d in %s; do\n%sdone\n" % (OTHERS, start)
        + 'echo "%s $m"' % MISS
    )


def store(binary, action, source=None, arguments=None):
    """
    Stores the binary and runs it. Both come on standard input, the binary first, unless they are in files.

    All of standard input goes to a file at once: busybox's head reads more than it is asked for.
    """
    if source is None:
        fetch = 'cat >"$t" && tail -c +%d "$t" >"$t.args" && head -c %d "$t" >"$t.bin"' % (binary.size + 1, binary.size)
        arguments = '"$t.args"'
    else:
        fetch = "cat %s >\"$t.bin\"" % source
    return (
        "u=$(id -u)\nk=$(umask)\numask 077\nt= why=\n"
        + "trap 'rm -f \"$t\" \"$t.args\" \"$t.bin\" \"$r\"' EXIT\n"
        + 'command -v sha256sum >/dev/null || { echo "%s the target has no sha256sum: install coreutils or busybox"; exit 0; }\n' % FAULT
        # Nobody else may write to what is above the folder in the home.
        + 'home=\nif [ -n "$HOME" ]; then\nmkdir -p "$HOME/.cache" 2>/dev/null\n'
        + '[ "$(find "$HOME/" "$HOME/.cache" -prune -type d -user "$u" ! -perm -020 ! -perm -002 2>/dev/null | wc -l)" -eq 2 ] && home=1\nfi\n'
        + "shared=\n%s && " % OWN_SHARED
        + '[ "$(find /var /var/cache -prune -type d -user "$u" ! -perm -020 ! -perm -002 2>/dev/null | wc -l)" -eq 2 ] && shared=1\n'
        + "for d in ${shared:+%s} ${home:+%s} %s; do\n" % (SHARED, HOME, OTHERS)
        + 'a=700\n[ "$d" != %s ] || a=755\n' % SHARED
        # Ownership comes before chmod, which would follow another user's link to anywhere.
        + 'mkdir -p "$d" 2>/dev/null\n'
        + '[ "$(find "$d" -prune -type d -user "$u" 2>/dev/null)" = "$d" ] && chmod $a "$d" ||\n'
        + '{ why="$why $d: not a folder that this user owns and can write to;"; continue; }\n'
        # What a lost connection left behind.
        + "find \"$d\" -type f -name '.*.[0-9]*' -mmin +60 -exec rm -f {} + 2>/dev/null\n"
        + "v=$d/%s q=$d/%s/%s\n" % (binary.name, binary.name, binary.program)
        + 'if [ -z "$t" ]; then\nt=$d/.new.$$\n'
        + 'if ! { %s; } 2>/dev/null; then\necho "%s cannot write to $d: is the disk full?"; exit 0\nfi\n' % (fetch, FAULT)
        + 'case $(sha256sum <"$t.bin") in\n"%s "*) ;;\n' % binary.sha256
        + '*) echo "%s the binary was damaged on its way"; exit 0;;\nesac\nfi\n' % FAULT
        + 'r=$d/.run.$$\n{ cp "$t.bin" "$r" && chmod $a "$r"; } 2>/dev/null || { rm -f "$r"; why="$why $d: cannot be written to;"; continue; }\n'
        # Where programs may not be run from (noexec), the next folder may do.
        + 'e=$("$r" version 2>&1) || { rm -f "$r"; why="$why $d: $(echo "$e" | tr "\\n" " ");"; continue; }\n'
        # After a crash a file that was not written out may be shorter than what its folder knows.
        + 'sync "$r" 2>/dev/null || sync\n'
        + '{ [ -d "$v" ] && [ ! -L "$v" ] && [ -O "$v" ] && [ ! -d "$q" ]; } || rm -rf "$v"\n'
        + 'mkdir -p "$v" && chmod $a "$v" && mv -f "$r" "$q" || { rm -f "$r"; continue; }\n'
        + 'ls -t "$d" | grep "\\.%s$" | tail -n +%d | while read -r old; do rm -rf "$d/$old"; done\n' % (binary.program, VERSIONS + 1)
        # A program takes the shell's place, and with it the trap.
        + 'exec <%s\nrm -f "$t" "$t.args" "$t.bin"\ntrap - EXIT\numask "$k"\n' % arguments
        + "p=/proc/self/fd/9\n{ "
        + action
        + '\n} 9<"$q"\ndone\n'
        + 'echo "%s no folder can hold and run the program:$why set HOME to one that can"' % FAULT
    )


def background(job, folder, limit):
    """
    The action that starts the module and lets go of it. The job file is what async_status reads: it says finished when
    it has no "started" (lib/ansible/modules/async_status.py).
    """
    return (
        "k=$(umask)\numask 077\nmkdir -p %(folder)s && f=%(folder)s/%(job)s || exit 1\n"
        'cat >"$f.args"\n: >"$f.new"\n: >"$f.err"\n'
        'echo \'{"started": 1, "finished": false, "ansible_job_id": "%(job)s"}\' >"$f"\n'
        # A terminal that closes sends HUP to what was started on it.
        '( trap "" HUP; umask "$k"\n'
        'setsid timeout %(limit)d "$p" stored <"$f.args" >"$f.new" 2>"$f.err"; c=$?\n'
        'w="the module gave no answer (exit code $c)"\n'
        '[ $c -ne 124 ] || w="the module did not end within %(limit)d seconds"\n'
        '[ -s "$f.new" ] || echo "{\\"failed\\": true, \\"msg\\": \\"$w\\"}" >"$f.new"\n'
        'mv -f "$f.new" "$f"; rm -f "$f.args" "$f.err" ) </dev/null >/dev/null 2>&1 &\n'
        'echo "{\\"started\\": 1, \\"finished\\": false, \\"ansible_job_id\\": \\"%(job)s\\", \\"results_file\\": \\"$f\\"}"; exit 0'
    ) % {"job": job, "folder": folder, "limit": limit}


def status(job, folder):
    """Prints the job file of a module in the background, and removes it when the module has ended."""
    return (
        "f=%(folder)s/%(job)s\n"
        'r=$(cat "$f") || { echo \'{"failed": true, "msg": "the job file is gone: did the host restart?"}\'; exit 0; }\n'
        "printf '%%s\\n' \"$r\"\n"
        "case $r in '{\"started\": 1,'*) ;; *) rm -f \"$f\";; esac"
    ) % {"job": job, "folder": folder}
