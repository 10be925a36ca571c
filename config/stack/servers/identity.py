"""The user that the servers run as. PostgreSQL refuses to run as root, and `initdb` as a user without a name."""

import functools
import os
import pwd
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from config.stack.errors import StackError
from config.stack.processes.children import launch_command
from config.stack.servers.binaries import postgres_binary


@dataclass(frozen=True)
class Identity:
    """One of launch.py's identities: this user, this user under another number (a namespace), or another user."""

    kind: Literal["same", "mapped", "dropped"]
    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.uid}:{self.gid}"

    @property
    def owner(self) -> int:
        """The owner of the servers' files, seen from outside a namespace."""
        return self.uid if self.kind == "dropped" else os.geteuid()


def choose_identity(pgdata: Path) -> Identity:
    """Return the servers' identity, the first that applies:

    1. an ordinary user: the same user;
    2. the data does not belong to root: its owner (from an earlier start as that user, or from 4.);
    3. root, and user namespaces are allowed: a namespace. Files stay root's, and closed folders stay readable;
    4. root elsewhere (mostly in a container): the user `nobody`, who gets the folders.
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
    """Make a folder that only the servers' identity can enter. Raises StackError if it belongs to a third user."""
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
    """Return any user with a name except root; `initdb` only requires that the name exists."""
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
    """Try it with the binary itself: kernels, containers and security modules forbid namespaces in different ways."""
    if sys.platform != "linux":
        return False
    command = launch_command([str(postgres_binary("postgres")), "--version"], identity=str(_named_user()))
    return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
