"""Runs one program, as another user when asked, that ends when the asking process ends.

A script of its own (`python -I -S launch.py PARENT USER GROUP PROGRAM ARGUMENT...`, `-` for the
same user and group) and not a `preexec_fn`, which is unsafe once the asking process has threads.
Imports nothing of ours: the server's user may have no right to read the checkout.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}  # no PG* variable may change the outcome


def main(arguments: list[str]) -> None:
    parent, user, group, *command = arguments
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if user != "-":
        _become(int(user), int(group))
    if sys.platform == "linux":
        _end_with(int(parent))
    os.execve(command[0], command, _ENVIRONMENT)  # noqa: S606 - no shell is the point


def _become(user: int, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def _end_with(parent: int) -> None:
    """Ask the kernel for a SIGINT (Postgres: fast shutdown) when the parent is gone.

    Comes after the change of user, which would clear it.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:  # it went away before the kernel was asked
        sys.exit("the process that asked for this one is gone")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename or 'changing the user'}")
