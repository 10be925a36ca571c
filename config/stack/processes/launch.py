"""Becomes another program, which ends when its parent ends.

This is a script (`python -I -S launch.py …`): it imports nothing from the project and starts in some 20 ms. It replaces
a `preexec_fn`, which may deadlock in a process with threads.

    launch.py PARENT_PID DEATH_SIGNAL IDENTITY PROGRAM [ARGUMENT...]

IDENTITY is `same:UID:GID` (no change), `mapped:UID:GID` (a user namespace in which this user is UID) or
`dropped:UID:GID` (setuid).
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1

libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    parent_pid, death_signal, identity, *command = arguments
    kind, uid, gid = identity.split(":")
    if kind == "mapped":
        map_user(int(uid), int(gid))
    elif kind == "dropped":
        drop_to(int(uid), int(gid))
    if sys.platform == "linux":
        # Set after the change of identity, because the kernel clears the death signal when credentials change.
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent_pid):
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"stack: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


def map_user(uid: int, gid: int) -> None:
    """Enter a user namespace in which this process is `uid`. Outside, its files still belong to the original user.

    Unlike with setuid, nothing needs a chown, and folders of mode 0700 stay readable.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        sys.exit(f"no user namespace: {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def drop_to(uid: int, gid: int) -> None:
    """Become `uid`, and keep the right to enter closed folders (a clone under /root), if the kernel grants it."""
    if sys.platform == "linux":
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if sys.platform == "linux":
        keep_passage()


def keep_passage() -> None:
    """Keep CAP_DAC_OVERRIDE over setuid and exec, as an ambient capability, which all three sets must contain."""
    bit = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAP_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then the upper halves
    if libc.capset(header, sets) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
