"""The whole stack, as `make run` starts it. It is started twice: once until it is killed, and once after that."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import PAGES_TO_RUN, run_page
from tests.stack.running import PROJECT, Family, RunningStack, clean_environment, free_port, run_stack, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the processes from /proc")


SENT_TO = 500


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


def test_a_worker_that_dies_is_forked_again(stack: RunningStack) -> None:
    stack.ensure_running()
    assert stack.process is not None
    before = Family(stack.process.pid)
    parent = min(before.pids_of("forked_workers"))
    workers = before.children_of(parent)
    assert len(workers) == 3
    pools_process = before.children_of(workers[0])[0]

    os.kill(workers[0], signal.SIGKILL)

    def is_replaced() -> bool:
        assert stack.process is not None
        now = Family(stack.process.pid).children_of(parent)
        return len(now) == 3 and set(workers) - set(now) == {workers[0]}

    wait_until(is_replaced)
    assert pools_process not in before.living()
    assert "worker urgent died with code -9; starting it again" in stack.log.read_text()


def test_a_send_command_that_is_killed_and_repeated_sends_once(stack: RunningStack, tmp_path: Path) -> None:
    demo = stack.ensure_running()
    file = tmp_path / "people.csv"
    file.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in range(SENT_TO)))
    command = f"distributor send {file} --survey {demo['surveyId']} --channel email --wait"

    early = stack.open_shell(command)
    with pytest.raises(subprocess.TimeoutExpired):
        early.wait(1)  # before it has accepted anything, or just after
    early.kill()
    middle = stack.open_shell(command)
    assert middle.stdout is not None
    assert f" of {SENT_TO}: " in middle.stdout.readline()
    middle.kill()
    last = stack.open_shell(f"{command} --json")
    printed, faults = last.communicate(timeout=180)

    assert (last.returncode, faults) == (0, "")
    report = json.loads(printed)
    assert (report["isNew"], report["counts"]["reached"]) == (False, SENT_TO)
    assert count_messages(demo, report["id"]) == SENT_TO


def test_the_doctor_finds_a_running_stack_healthy(stack: RunningStack) -> None:
    stack.ensure_running()

    printed, faults = stack.open_shell("distributor doctor --json").communicate(timeout=180)

    assert faults == ""
    findings = {each["what"]: each for each in json.loads(printed)["findings"]}
    assert [each for each in findings.values() if each["verdict"] == "fail"] == []
    assert "3 answered: all@" in findings["workers"]["text"]
    assert findings["journal"]["verdict"] == "ok"


def test_every_command_of_the_documents_works_and_leaves_the_demo_as_it_was(
    stack: RunningStack, tmp_path: Path
) -> None:
    demo = stack.ensure_running()
    environment = clean_environment(DISTRIBUTOR_DATA=str(stack.data))
    made = subprocess.run(["make", "env"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    substitutes = {
        "localhost:8000": f"localhost:{stack.port}",
        "8025": str(free_port()),  # the mail server of a tutorial
        "distributor doctor\n": ":\n",  # tested above, before the documents made accounts that nobody answers
    }
    before = demo_rows(demo)

    faults = [fault for page in PAGES_TO_RUN for fault in run_page(page, tmp_path / "docs", made.stdout, substitutes)]

    assert faults == []
    assert demo_rows(demo) == before


def test_without_a_stack_the_environment_says_how_to_start_one(tmp_path: Path) -> None:
    answer = run_stack("env", "--data", str(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == f"stack: no stack runs on {tmp_path}. Start it: make run\n"


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


def demo_rows(demo: dict[str, Any]) -> list[Any]:
    """Return the survey, templates and accounts that the demo began with."""
    paths = [f"surveys/{demo['surveyId']}", *(f"templates/{each}" for each in demo["templates"].values())]
    paths += [f"providers/{each}" for each in demo["providers"].values()]
    return [ask(demo, path) for path in paths]


def ask(demo: dict[str, Any], path: str) -> Any:
    call = urllib.request.Request(f"{demo['baseUrl']}/api/v1/{path}", headers={"x-api-key": demo["apiKey"]})
    with urllib.request.urlopen(call, timeout=30) as answer:
        return json.load(answer)


def count_messages(demo: dict[str, Any], distribution_id: str) -> int:
    """Count what the sandbox took, each copy by itself."""
    return len(ask(demo, f"sandbox/messages?distributionId={distribution_id}&limit=1000")["items"])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
