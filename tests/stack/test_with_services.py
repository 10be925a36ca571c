"""`with-services`: one command against temporary servers."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.running import PROJECT, STACK, Family, clean_environment, run_stack, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the processes from /proc")

USES_BOTH = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SHOW server_encoding").fetchone()[0], connection.execute("SHOW fsync").fetchone()[0])
print(redis.from_url(os.environ["REDIS_URL"]).ping())
"""


def test_the_exit_code_is_that_of_the_command() -> None:
    assert run_stack("with-services", "--", "sh", "-c", "exit 7").returncode == 7


def test_the_command_finds_both_servers_in_its_environment() -> None:
    run = run_stack("with-services", "--", "python", "-c", USES_BOTH)

    assert run.stdout.splitlines() == ["UTF8 off", "True"]


def test_durable_servers_live_in_the_data_folder_and_wait_for_the_disk(tmp_path: Path) -> None:
    script = USES_BOTH + 'print(os.environ["DATABASE_URL"]); print(os.listdir(os.environ["DISTRIBUTOR_DATA"]))'

    run = run_stack("with-services", "--durable", "--", "python", "-c", script, DISTRIBUTOR_DATA=str(tmp_path))

    assert run.stdout.startswith("UTF8 on\n"), run.stderr
    assert "['distributor-" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_ones_own_is_used_instead() -> None:
    mine = "postgresql://me@elsewhere/mine"

    run = run_stack("with-services", "--", "sh", "-c", "echo $DATABASE_URL; echo $REDIS_URL", DATABASE_URL=mine)

    database_url, redis_url = run.stdout.split()
    assert database_url == mine
    assert redis_url.startswith("unix:///")


def test_nothing_is_left_afterwards(tmp_path: Path) -> None:
    run = run_stack("with-services", "--", "sh", "-c", "echo $DISTRIBUTOR_DATA; ls $DISTRIBUTOR_DATA", TMPDIR="/tmp")

    folder, *content = run.stdout.split()
    assert content == ["postgres", "sockets", "valkey"]
    assert not Path(folder).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended_by_a_signal(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*STACK, "with-services", "--", "sh", "-c", "echo $DISTRIBUTOR_DATA; exec sleep 600"],
        cwd=PROJECT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    family = Family(process.pid)

    process.send_signal(number)
    code = process.wait(30)

    assert code == (128 + number if number == signal.SIGTERM else -number)
    assert folder.is_absolute()
    assert len(family.born_at) > 4
    wait_until(lambda: not family.living() and not folder.exists())
    process.stdout.close()


def test_a_missing_command_is_said_in_one_line() -> None:
    run = run_stack("with-services", "--", "no-such-command-here")

    assert run.returncode == 127
    assert run.stderr == "stack: cannot run no-such-command-here: No such file or directory\n"
