"""Whom the servers run as. PostgreSQL refuses to run as root, and its `initdb` as a user without a name."""

import functools
import os
import pwd
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.stack.binaries import postgres_binary
from config.stack.errors import StackError
from config.stack.processes import launch_command


@dataclass(frozen=True)
class Identity:
    """One of launch.py's three: this user, this user under another number (a namespace), or another user."""

    kind: Literal["same", "mapped", "dropped"]
    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.uid}:{self.gid}"

    @property
    def owner(self) -> int:
        """The user id that the servers' files have, seen from outside."""
        return self.uid if self.kind == "dropped" else os.geteuid()


def choose_identity(pgdata: Path) -> Identity:
    """The servers' identity, the first that applies:

    1. an ordinary user: itself;
    2. data that belongs to somebody else than root: its owner (an earlier start as that user, or 4.);
    3. root where user namespaces are allowed: a namespace. Files stay root's, and closed folders stay readable;
    4. root elsewhere (a container, mostly): nobody, to whom the folders are given.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Identity("same", uid, gid) if _has_name(uid) or not _namespace_works() else _named_user()
    if pgdata.exists() and pgdata.stat().st_uid != 0:
        return Identity("dropped", pgdata.stat().st_uid, pgdata.stat().st_gid)
    if _namespace_works():
        return _named_user()
    nobody = pwd.getpwnam("nobody")
    return Identity("dropped", nobody.pw_uid, nobody.pw_gid)


def make_private_folder(folder: Path, identity: Identity) -> None:
    """Make a folder that only the servers' identity may enter. One that a third user put there is refused."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), identity.owner):
        raise StackError(f"{folder} is not a folder of this user. Remove it, or set DATA to another folder.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    if found.st_uid != identity.owner:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def _named_user() -> Identity:
    """Any named user but root will do; `initdb` only wants the name to exist."""
    user = next(user for user in pwd.getpwall() if user.pw_uid != 0)
    return Identity("mapped", user.pw_uid, user.pw_gid)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


@functools.cache
def _namespace_works() -> bool:
    """Tried for real, with the binary itself: kernels, containers and security modules forbid it in different ways."""
    if sys.platform != "linux":
        return False
    command = launch_command([str(postgres_binary("postgres")), "--version"], identity=str(_named_user()))
    return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
