"""Backups and restores of the test database with PostgreSQL's own programs, and workers that start afterwards."""

import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from django.db import connection, transaction

from channels.providers.base import Message, Result
from channels.providers.sandbox import Sandbox
from config.stack.servers.binaries import postgres_binary
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.journal import write
from distributor.engine.recovery import memory
from distributor.engine.recovery.status import release
from tests.support.engine.people import dispatch, given, make_due

BEFORE, BETWEEN, LOST, AFTER = range(4), range(4, 10), range(10, 13), range(13, 16)


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
    name, restored, lost = _name(), f"{_name()}_restored", f"{_name()}_lost"
    _run("createdb", restored)
    _run("pg_restore", "--single-transaction", "--exit-on-error", f"--dbname={restored}", str(path))
    # Of threads of earlier tests: nobody else uses a database that is replaced.
    end = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    _run("psql", "--dbname=postgres", f"--command={end}")
    for before, after in ((name, lost), (restored, name)):
        _run("psql", "--dbname=postgres", f'--command=ALTER DATABASE "{before}" RENAME TO "{after}"')
    _run("dropdb", lost)


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


def people(numbers: range) -> list[object]:
    return [given(number) for number in numbers]


def restore_in_mid_campaign(folder: Path, accept: Callable[[range], Accepted]) -> tuple[Accepted, Accepted, Accepted]:
    """Send, back up, send on, restore, and let a worker work. `accept` accepts a distribution to these people.

    BEFORE the backup some are sent to, BETWEEN it and the restore others who had been accepted before it, and others
    who were accepted after it: LOST. AFTER it more are accepted, before a worker has looked. Returns three of the four.
    """
    before = accept(BEFORE)
    work()
    between = accept(BETWEEN)
    back_up(folder / "backup")
    accept(LOST)
    work()
    restore(folder / "backup")
    restart_worker()
    after = accept(AFTER)
    work()
    return before, between, after


def finish() -> None:
    """Release, and do all that is due until nothing changes."""
    assert release(database_now(), by="a test")
    for _ in range(3):
        make_due()
        work()


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


def set_back(between: Callable[[], object]) -> None:
    """Do something, and let the database forget it: rolling back to a savepoint plays the restore."""
    backup = transaction.savepoint()
    between()
    transaction.savepoint_rollback(backup)
