"""Runs a client's suite in a process of its own, and reads what it wrote."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.front import Call, Front
from tests.clients.install import Client
from tests.clients.world import World

PROJECT = Path(__file__).resolve().parents[2]
SUITE_SECONDS = 600


@dataclass(frozen=True)
class Failure:
    """A check that failed, with the client's calls during it."""

    name: str
    fault: str
    calls: list[Call]


@dataclass
class Outcome:
    """What came of a client's suite. `output` is what the client printed."""

    passed: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    out_of_scope: dict[str, str] = field(default_factory=dict)
    output: str = ""


def run_client(client: Client, folder: Path, world: World, front: Front, trusted: Path) -> Outcome:
    """Run the suite, at most SUITE_SECONDS. What did not run by then has failed."""
    with tempfile.TemporaryDirectory(prefix="clients-") as home:
        work = Path(home, "work")
        work.mkdir()
        results = Path(home, "results")
        environment = _environment(folder, world, front, trusted) | {"HOME": home, "RESULTS": str(results)}
        try:
            done = subprocess.run(
                _command(client, folder),
                cwd=work,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SUITE_SECONDS,
                check=False,
            )
            output = done.stdout
        except subprocess.TimeoutExpired:
            output = f"ended after {SUITE_SECONDS} s"
        lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return _judge(lines, front, output)


def _command(client: Client, folder: Path) -> list[str]:
    if client.is_npm:
        return ["node", str(PROJECT / "tests" / "clients" / "suites" / client.run)]
    return [str(folder / "bin" / "python"), "-m", f"tests.clients.suites.{client.run}"]


def _environment(folder: Path, world: World, front: Front, trusted: Path) -> dict[str, str]:
    """Return what leads a client to the front: the variables that HTTP libraries read, and nothing else."""
    proxy = f"http://127.0.0.1:{front.proxy_port}"
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "PYTHONPATH": str(PROJECT),
        "PYTHONWARNINGS": "ignore",
        "NODE_PATH": str(folder / "node_modules"),
        "WORLD": world.to_json(),
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "REQUESTS_CA_BUNDLE": str(trusted),
        "SSL_CERT_FILE": str(trusted),
        "NODE_EXTRA_CA_CERTS": str(trusted),
    }


def _judge(lines: list[dict[str, Any]], front: Front, output: str) -> Outcome:
    outcome = Outcome(output=output)
    if not lines:
        outcome.failed.append(Failure("the suite", f"did not start: {output[-2000:]}", []))
        return outcome
    first, *checks = lines
    outcome.out_of_scope = first["outOfScope"]
    for check in checks:
        if check["fault"]:
            calls = front.calls_between(check["startedAt"], check["endedAt"])
            outcome.failed.append(Failure(check["name"], check["fault"], calls))
        else:
            outcome.passed.append(check["name"])
    missing = [name for name in first["planned"] if name not in {check["name"] for check in checks}]
    outcome.failed += [Failure(name, f"did not run: {output[-500:]}", []) for name in missing]
    return outcome
