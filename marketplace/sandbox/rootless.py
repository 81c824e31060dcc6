"""Run a program that refuses to be root: ``python rootless.py WHO [--check FOLDER] -- PROGRAM ARGUMENTS…``.

``WHO`` is ``map`` (a user namespace in which we are uid 1000, while outside all files stay root's: nobody needs to be
added to the system) or ``UID:GID`` (become that user). A program of its own rather than a function between fork and
exec, which could hang in a process that has threads. Uses the standard library only.
"""

import os
import sys
from pathlib import Path

INSIDE_UID = 1000


def become(who: str) -> None:
    if who == "map":
        os.unshare(os.CLONE_NEWUSER)
        # Without "deny", the kernel refuses a group map to a process that lost its rights by unsharing.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INSIDE_UID} 0 1")
        Path("/proc/self/gid_map").write_text(f"{INSIDE_UID} 0 1")
    else:
        uid, gid = who.split(":")
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    who, *options = arguments[:split]
    program = arguments[split + 1 :]
    become(who)
    if options[:1] == ["--check"]:
        can = os.access(options[1], os.R_OK | os.W_OK | os.X_OK) and os.access(program[0], os.X_OK)
        sys.exit(0 if can else 1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
