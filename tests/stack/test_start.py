"""How a start handles the port, the data folder and the environment."""

import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from config.stack.data_folder.keys import keep_keys
from config.stack.data_folder.layout import SOCKET_PATH_BYTES, Layout
from config.stack.data_folder.lock import hold_lock
from config.stack.errors import StackError
from config.stack.log import StackLog
from config.stack.processes.children import Guard
from config.stack.product.environment import without_exports
from config.stack.product.shell import render_exports, write_exports
from config.stack.servers.embedded import Servers
from config.stack.supervisor import Supervisor
from tests.stack.running import clean_environment, run_stack


@pytest.fixture
def start_servers(tmp_path: Path) -> Callable[[], list[str]]:
    """Start and stop the servers in the test's folder; return the lines of their logs."""

    def start() -> list[str]:
        lines: list[str] = []
        guard = Guard()
        servers = Servers(Layout(tmp_path), guard, lambda name, line: lines.append(f"{name}: {line}"))
        try:
            servers.start(clean_environment())
        finally:
            servers.stop()
            guard.dismiss()
        return lines

    return start


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        run = run_stack("run", "--data", str(tmp_path), "--port", str(port))

    assert run.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in run.stdout
    assert f"make run PORT={port + 1}" in run.stdout
    assert not (tmp_path / "postgres").exists()


def test_what_a_crash_left_for_scripts_is_gone_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    for path in (layout.demo, layout.environment):
        path.write_text("{}")
    seen: list[Path] = []

    def check_port(_supervisor: Supervisor) -> None:
        seen.extend(tmp_path.glob("*.json"))
        raise StackError("the start ends here")

    monkeypatch.setattr(Supervisor, "_check_port", check_port)
    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", lambda *_arguments: None)
        assert Supervisor(tmp_path, "127.0.0.1", 1, StackLog()).run() == 1
    assert seen == []


def test_a_folder_of_another_postgres_version_is_refused_untouched(
    tmp_path: Path, start_servers: Callable[[], list[str]]
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")

    with pytest.raises(StackError, match=r"made by PostgreSQL 9, this is PostgreSQL 18\. Nothing was touched"):
        start_servers()
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_folder_with_something_else_is_refused_untouched(
    tmp_path: Path, start_servers: Callable[[], list[str]]
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "novel.txt").write_text("It was a dark and stormy night")

    with pytest.raises(StackError, match="not a PostgreSQL cluster"):
        start_servers()
    assert (tmp_path / "postgres" / "novel.txt").exists()


def test_a_cluster_that_was_half_made_is_made_anew(tmp_path: Path, start_servers: Callable[[], list[str]]) -> None:
    unfinished = tmp_path / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    start_servers()

    assert (tmp_path / "postgres" / "global" / "pg_control").exists()
    assert not unfinished.exists()


def test_a_stale_pid_file_whose_number_is_in_use_does_not_matter(
    tmp_path: Path, start_servers: Callable[[], list[str]]
) -> None:
    start_servers()
    stale = f"{os.getppid()}\n{tmp_path / 'postgres'}\n1\n5432\n{tmp_path}\n\n  0  0\nready\n"
    (tmp_path / "postgres" / "postmaster.pid").write_text(stale)

    lines = start_servers()

    assert "postgres: LOG:  database system is ready to accept connections" in lines


def test_the_reader_s_own_postgres_variables_do_not_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, start_servers: Callable[[], list[str]]
) -> None:
    monkeypatch.setenv("PGHOST", "db.invalid")
    monkeypatch.setenv("PGPORT", "6543")

    lines = start_servers()

    assert any(line.endswith('.s.PGSQL.5432"') for line in lines)


def test_sockets_are_in_the_data_folder_when_their_path_fits() -> None:
    assert Layout(Path("/srv/data")).sockets == Path("/srv/data/sockets")


@pytest.mark.parametrize("data", ["/srv/" + "x" * 100, "/srv/with space", "/srv/per%cent", "/srv/żółw", "/srv/a,b"])
def test_other_sockets_are_in_a_short_folder_that_the_next_start_finds_again(data: str) -> None:
    sockets = Layout(Path(data)).sockets

    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    assert sockets == Layout(Path(data)).sockets
    assert sockets != Layout(Path(data + "2")).sockets


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    with (
        hold_lock(tmp_path / "lock"),
        pytest.raises(StackError, match=rf"already running \(pid {os.getpid()}\) on {tmp_path}"),
        hold_lock(tmp_path / "lock"),
    ):
        pass


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock"):
        pass
    with hold_lock(tmp_path / "lock") as descriptor:
        assert os.pread(descriptor, 32, 0).decode() == f"{os.getpid()}\n"


def test_a_shell_s_exports_are_quoted_and_do_not_reach_a_stack_started_from_it(tmp_path: Path) -> None:
    url = "postgresql:///x?host=/tmp/Ann's data"
    file = tmp_path / "environment.json"
    demo = {"baseUrl": "http://x", "apiKey": "dk_1", "surveyId": "s", "providers": {"email": "p"}}
    demo["templates"] = {"email": "t"}
    write_exports(file, {"DATABASE_URL": url, "SECRET_KEY": "$(id)"}, demo)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    script = f"{render_exports(file)}\nexec env --null"
    printed = subprocess.run(["sh", "-c", script], env=clean_environment(), capture_output=True, text=True, check=True)

    shell = dict(line.split("=", 1) for line in printed.stdout.split("\0") if line)
    assert (shell["DATABASE_URL"], shell["SECRET_KEY"], shell["DISTRIBUTOR_API_KEY"]) == (url, "$(id)", "dk_1")
    exported = {"DATABASE_URL", "SECRET_KEY", "DISTRIBUTOR_URL", "DISTRIBUTOR_API_KEY", "DISTRIBUTOR_EXPORTED"}
    exported |= {"BASE", "API_KEY", "SURVEY_ID", "PROVIDER_ID", "TEMPLATE_ID"}
    assert shell.keys() - without_exports(shell).keys() == exported
    assert shutil.which("distributor", path=shell["PATH"])


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    first = keep_keys(tmp_path / "secrets.json")

    assert keep_keys(tmp_path / "secrets.json") == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(first.api_key) == 40


def test_damaged_keys_are_refused_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")

    with pytest.raises(StackError, match="restore the file"):
        keep_keys(tmp_path / "secrets.json")
    assert (tmp_path / "secrets.json").read_text() == "{"
