"""Run a program that refuses to be root: ``python rootless.py WHO [--check FOLDER] -- PROGRAM ARGUMENTS…``.

``WHO`` is ``map`` (a user namespace in which we are an ordinary user of this system, while outside all files stay ours:
nobody needs to be added to the system) or ``UID:GID`` (become that user). A program of its own rather than a function
between fork and exec, which could hang in a process that has threads. Uses the standard library only.
"""

import os
import pwd
import sys
from pathlib import Path


def become(who: str) -> None:
    if who == "map":
        uid, gid, inside = os.geteuid(), os.getegid(), ordinary_uid()
        os.unshare(os.CLONE_NEWUSER)
        # Without "deny", the kernel refuses a group map to a process that lost its rights by unsharing.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1")
    else:
        user, group = who.split(":")
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))


def ordinary_uid() -> int:
    """Return a uid that is not root's and has a name: initdb refuses to work for a nameless one."""
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return next(user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0)


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
