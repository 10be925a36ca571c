"""`manage.py rehearse_restore`: restore a backup into a scratch database and verify it. See docs/production.md."""

import os
import shutil
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.recovery.memory import compare_journal
from distributor.engine.recovery.status import read_memory_status
from distributor.engine.recovery.verification import count_faults, count_rows, find_faults


class Command(BaseCommand):
    """Changes nothing in the database itself. The role needs CREATEDB, and PATH PostgreSQL's own programs."""

    help = (
        "Rehearse a restore: dump the database, or take --dump, restore it into a scratch database, migrate, verify "
        "rows, constraints and credentials, and compare the journal. Exits with 1 if something is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dump", type=Path, help="an existing backup of pg_dump --format=custom, for example a.dump"
        )
        parser.add_argument(
            "--scratch", help="the name of the scratch database; default: the database's and _rehearsal"
        )

    def handle(self, *_: Any, dump: Path | None, scratch: str | None, **options: Any) -> None:
        name = str(connection.settings_dict["NAME"])
        scratch = scratch or f"{name}_rehearsal"
        with TemporaryDirectory() as folder:
            expected: dict[str, int] = {}
            if dump is None:
                dump = Path(folder) / "rehearsal.dump"
                expected = self._dump(dump, name)
            with _scratch_database(scratch):
                self._timed("restored", lambda: _run("pg_restore", *_RESTORE, f"--dbname={scratch}", str(dump)))
                with _connected_to(scratch):
                    faults = self._verify(expected)
        if faults:
            raise CommandError("The backup is not good:\n" + "\n".join(faults))
        self.stdout.write("The backup is good.")

    def _dump(self, dump: Path, name: str) -> dict[str, int]:
        """Dump the database as it is at one moment. Returns the number of rows of each table at that moment."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            arguments = ("--format=custom", f"--snapshot={snapshot}", f"--file={dump}", name)
            self._timed("dumped", lambda: _run("pg_dump", *arguments))
            return count_rows()

    def _verify(self, expected: dict[str, int]) -> list[str]:
        found = count_rows()
        self.stdout.write(f"{sum(found.values()):,} rows in {len(found)} tables.")
        faults = count_faults(expected, found)
        self._timed("migrated", lambda: call_command("migrate", verbosity=0))
        faults += find_faults()
        now = database_now()
        compare_journal(now)
        status = read_memory_status(now)
        self.stdout.write("\n".join([status.summary or "The journal knows nothing newer.", *status.sentences]))
        return faults

    def _timed(self, done: str, run: Any) -> None:
        began = monotonic()
        run()
        self.stdout.write(f"{done} in {monotonic() - began:.1f} s.")


_RESTORE = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")


@contextmanager
def _scratch_database(name: str) -> Iterator[None]:
    """Make an empty database on the same server and drop it at the end. Refuses one that is there already."""
    quoted = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone():
            raise CommandError(f"There is a database {name} already. Drop it, or name another one with --scratch.")
        cursor.execute(f"CREATE DATABASE {quoted}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Let this process work on another database of the same server."""
    own = connection.settings_dict["NAME"]
    _reconnect(name)
    try:
        yield
    finally:
        _reconnect(own)


def _reconnect(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    read_installation_id.cache_clear()


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs against the server of DATABASE_URL."""
    path = shutil.which(program)
    if path is None:
        raise CommandError(f"{program} is not in PATH. Install PostgreSQL's client of the server's version.")
    known = connection.get_connection_params()
    options = {"host": "--host", "port": "--port", "user": "--username"}
    where = [f"{option}={known[name]}" for name, option in options.items() if known.get(name)]
    environment = os.environ | ({"PGPASSWORD": str(known["password"])} if known.get("password") else {})
    done = subprocess.run([path, *where, *arguments], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise CommandError(f"{program} failed: {done.stderr.strip()}")
