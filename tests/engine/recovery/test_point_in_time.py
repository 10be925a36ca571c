"""A base backup and archived WAL bring back any moment, step by step as docs/production.md shows it."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from config.stack.data_folder.layout import Layout
from config.stack.processes.children import launch_command
from config.stack.servers.binaries import postgres_binary
from config.stack.servers.identity import Identity, choose_identity, make_private_folder
from config.stack.servers.postgres import Postgres

LIMIT_SECONDS = 20.0


class Server:
    """A PostgreSQL server of its own that archives its WAL, without the product's tables."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.identity: Identity = choose_identity(self.layout.postgres)
        self.archive, self.base = folder / "archive", folder / "base"
        make_private_folder(self.archive, self.identity)
        self.server = Postgres(self.layout, self.identity, is_throwaway=True)
        self.server.prepare_folder()

    @contextmanager
    def running(self) -> Iterator[None]:
        archive = f"test ! -f {self.archive}/%f && cp %p {self.archive}/%f"
        command = [*self.server.command, "-c", "archive_mode=on", "-c", f"archive_command={archive}"]
        process = subprocess.Popen(
            launch_command(command, identity=str(self.identity)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(self.server.is_ready)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(LIMIT_SECONDS)

    def run(self, *command: str) -> None:
        done = subprocess.run(
            launch_command(list(command), identity=str(self.identity)), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr

    def query(self, statement: str) -> list[tuple[object, ...]]:
        url = f"postgresql://postgres:@/postgres?host={self.layout.sockets}"
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def wait_until(is_true: object) -> None:
    assert callable(is_true)
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(mkdtemp(prefix="pitr-"))  # pytest's own are too deep for a socket, and closed to other users
    folder.chmod(0o755)
    yield Server(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_base_backup_and_wal_bring_back_a_moment(server: Server) -> None:
    with server.running():
        server.query("CREATE TABLE handover (number int)")
        server.query("INSERT INTO handover VALUES (1)")
        sockets = str(server.layout.sockets)
        backup = [str(postgres_binary("pg_basebackup")), f"--host={sockets}", "--username=postgres"]
        server.run(*backup, f"--pgdata={server.base}", "--checkpoint=fast")
        server.query("INSERT INTO handover VALUES (2)")
        [(target,)] = server.query("SELECT clock_timestamp()::text")
        server.query("INSERT INTO handover VALUES (3)")
        [(segment,)] = server.query("SELECT pg_walfile_name(pg_switch_wal())")
        wait_until((server.archive / str(segment)).exists)

    data = server.layout.postgres
    server.run("mv", str(data), f"{data}.broken")
    server.run("cp", "-a", str(server.base), str(data))
    settings = (
        f"restore_command = 'cp {server.archive}/%f %p'\n"
        f"recovery_target_time = '{target}'\n"
        "recovery_target_action = promote\n"
    )
    server.run("sh", "-c", f"cat >> {data}/postgresql.auto.conf <<'END'\n{settings}END")
    server.run("touch", f"{data}/recovery.signal")
    with server.running():
        wait_until(lambda: server.query("SELECT pg_is_in_recovery()") == [(False,)])
        assert server.query("SELECT number FROM handover ORDER BY number") == [(1,), (2,)]
