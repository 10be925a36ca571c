"""The paths of a stack: all are in one data folder, except sockets whose path would be too long."""

import hashlib
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.stack.errors import StackError

# sockaddr_un has 108 bytes including the closing NUL on Linux, 104 on macOS.
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
POSTGRES_PORT = 5432  # Only part of the socket's file name; nothing listens on a port.
_LONGEST_SOCKET = f".s.PGSQL.{POSTGRES_PORT}"
# Paths go into URLs and PostgreSQL's comma-separated settings. Other characters would need quoting in three ways.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")


@dataclass(frozen=True)
class Layout:
    """The paths of one stack."""

    data: Path

    @property
    def lock(self) -> Path:
        return self.data / "stack.lock"

    @property
    def keys(self) -> Path:
        return self.data / "secrets.json"

    @property
    def demo(self) -> Path:
        return self.data / "demo.json"

    @property
    def environment(self) -> Path:
        return self.data / "environment.json"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def beat_schedule(self) -> Path:
        return self.data / "beat" / "last-runs"

    @property
    def sockets(self) -> Path:
        """`<data>/sockets`, or a short folder with a stable name if that path is too long or has special characters."""
        usual = self.data / "sockets"
        if _PLAIN_PATH.fullmatch(str(usual)) and len(os.fsencode(usual / _LONGEST_SOCKET)) <= SOCKET_PATH_BYTES:
            return usual
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"distributor-{os.geteuid()}-{digest}"


def open_layout(data: Path) -> Layout:
    """Make the data folder if it is missing; return its layout. Raises StackError if this user cannot write there."""
    data = data.expanduser().absolute()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"cannot make the data folder {data}: {error.strerror}. Set DATA to another one.") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise StackError(
            f"the data folder {data} belongs to uid {data.stat().st_uid} and this user cannot write there."
            " Set DATA to another one."
        )
    return Layout(data)
