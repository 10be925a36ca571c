"""The whole stack, as `make run` starts it. It is started twice: once until it is killed, and once after that."""

import json
import os
import signal
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.running import Family, RunningStack, run_stack, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the processes from /proc")


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    """A stack on a path that is too long for sockets and contains characters that URLs must quote."""
    with tempfile.TemporaryDirectory(prefix="stack-test-") as folder:
        stack = RunningStack(Path(folder) / ("long" * 30) / "Ann's data, 100%")
        stack.data.parent.mkdir()
        yield stack
        if stack.process is not None:
            stack.end(signal.SIGTERM)


def test_demo_json_holds_what_a_script_needs(stack: RunningStack) -> None:
    demo = stack.ensure_running()

    assert set(demo) >= {"baseUrl", "apiKey", "adminUser", "adminPassword", "surveyId", "providers", "templates"}
    assert demo["baseUrl"] == f"http://localhost:{stack.port}"
    assert set(demo["providers"]) == set(demo["templates"]) == {"email", "sms", "whatsapp"}
    assert (stack.data / "demo.json").stat().st_mode & 0o777 == 0o600


def test_a_stack_with_a_demo_json_is_ready(stack: RunningStack) -> None:
    demo = stack.ensure_running()

    with urllib.request.urlopen(f"{demo['baseUrl']}/readyz", timeout=10) as answer:
        assert answer.status == 200
        checks = json.load(answer)["checks"]
    assert (checks["memory"], checks["journal"]) == ("ok", "ok")


def test_only_the_web_listens_on_a_port(stack: RunningStack) -> None:
    stack.ensure_running()
    assert stack.process is not None

    assert Family(stack.process.pid).listening_ports() == {stack.port}


def test_the_log_names_its_processes_without_colours(stack: RunningStack) -> None:
    stack.ensure_running()

    log = stack.log.read_text()
    assert "\x1b" not in log
    assert {line.split()[1] for line in log.splitlines() if line[:2].isdigit()} >= {"postgres", "prepare", "stack"}


def test_a_second_start_on_the_same_data_is_refused(stack: RunningStack) -> None:
    stack.ensure_running()
    assert stack.process is not None

    second = run_stack("run", "--data", str(stack.data), "--port", str(stack.port))

    assert second.returncode == 1
    assert second.stderr == f"stack: already running (pid {stack.process.pid}) on {stack.data}\n"


def test_a_web_process_that_dies_is_started_again(stack: RunningStack) -> None:
    demo = stack.ensure_running()
    assert stack.process is not None
    before = Family(stack.process.pid).pids_of("gunicorn")

    os.kill(min(before), signal.SIGKILL)

    def is_replaced() -> bool:
        assert stack.process is not None
        now = Family(stack.process.pid).pids_of("gunicorn")
        return bool(now) and not set(now) & set(before)

    wait_until(is_replaced)
    wait_until(lambda: _answers(f"{demo['baseUrl']}/healthz"))
    assert "web died with code -9" in stack.log.read_text()


def test_kill_9_leaves_no_process_and_no_demo_json(stack: RunningStack) -> None:
    stack.ensure_running()

    _, family = stack.end(signal.SIGKILL)

    assert len(family.born_at) > 15  # the two servers, web, workers, beat and their children
    wait_until(lambda: not family.living())
    wait_until(lambda: not (stack.data / "demo.json").exists())


def test_a_start_after_kill_9_finds_its_data_again(stack: RunningStack) -> None:
    if not stack.first_demo:
        stack.ensure_running()
        stack.end(signal.SIGKILL)

    assert stack.ensure_running() == stack.first_demo


def test_sigterm_stops_everything_and_exits_with_0(stack: RunningStack) -> None:
    stack.ensure_running()

    code, family = stack.end(signal.SIGTERM)

    assert code == 0
    assert family.living() == []
    assert not (stack.data / "demo.json").exists()
    assert stack.log.read_text().splitlines()[-1].endswith("stopped")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
