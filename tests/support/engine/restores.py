"""Backups and restores of the test database with PostgreSQL's own programs, and workers that start afterwards."""

import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

from channels.providers.base import Message, Result
from channels.providers.sandbox import Sandbox
from config.stack.servers.binaries import postgres_binary
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.journal import write
from distributor.engine.recovery import memory
from tests.support.engine.people import dispatch


class LedgerSandbox(Sandbox):
    """A provider without idempotency keys that remembers outside the database what it has taken."""

    label = "Ledger sandbox"
    ledger: Counter[str] = Counter()

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        self.ledger.update(message.to for message in messages)
        return super().send_checked(messages)


def back_up(path: Path) -> None:
    """Dump the database into a file, as docs/production.md shows it."""
    _run("pg_dump", "--format=custom", f"--file={path}", _name())


def restore(path: Path) -> None:
    """Put the database back to what the file holds, as docs/production.md shows it, and end the open connection."""
    connection.close()
    _run("pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={_name()}", str(path))


def restart_worker() -> None:
    """Forget what a process knows: which database it has compared, its journal and the installation's code."""
    write.close_journal()
    write._State.last_handover_id = None
    memory._State.connection = None
    read_installation_id.cache_clear()


def work() -> None:
    """Do what a worker does when it is woken."""
    if memory.may_work(database_now):
        dispatch()


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *arguments: str) -> None:
    known = connection.get_connection_params()
    names = {"host": "--host", "port": "--port", "user": "--username"}
    where = [f"{option}={known[name]}" for name, option in names.items() if known.get(name)]
    done = subprocess.run(
        [str(postgres_binary(program)), *where, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PGPASSWORD": str(known.get("password") or "")},
    )
    assert done.returncode == 0, done.stderr
