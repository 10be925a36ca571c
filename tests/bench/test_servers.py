"""A run that is ended by SIGTERM leaves neither processes nor its database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

NAME = f"distributor_bench_ended_{os.getpid()}"
RUN = """
import os, signal, sys
from pathlib import Path
from tests.bench.stage.processes import running, wait_until
from tests.bench.stage.servers import own_database

log = Path(sys.argv[1])
child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
with own_database(os.environ["DATABASE_URL"], name=sys.argv[2]), running(child, {}, log) as check:
    wait_until(log.read_text, check)
    print(log.read_text(), end="", flush=True)
    signal.pause()
"""


def test_sigterm_ends_what_a_run_has_started(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "child.log"), NAME]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        assert _databases() == [NAME]
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert _databases() == []


def _databases() -> list[str]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as server:
        return [name for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname = %s", [NAME])]
