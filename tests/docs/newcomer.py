"""A newcomer's hour: `python -m tests.docs.newcomer` clones the repository and follows a tutorial with a clock.

Clone, `make run`, an SMTP account of one's own, a hundred people from a CSV file, their answers, and the answers as a
file. Prints the table of docs/tutorial/first-hour.md. The mail server is aiosmtpd, which keeps what it gets.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from tests.docs.test_paths import ROOT
from tests.stack.running import clean_environment, free_port, wait_until

PEOPLE = 100
_LINK = re.compile(r"http://localhost:\d+/p/(\w{12})")


class Mailbox(Message):
    """Keeps the codes of the personal links in what it gets, by recipient."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}

    def handle_message(self, message: Any) -> None:
        for part in message.walk():
            text = part.get_payload(decode=True) if part.get_content_type() == "text/plain" else b""
            if found := _LINK.search(text.decode()):
                self.codes[message["To"]] = found[1]


class Hour:
    """The steps so far, with their seconds."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun_at_seconds = time.monotonic()
        yield
        self.rows.append((name, time.monotonic() - begun_at_seconds))
        print(f"{self.rows[-1][1]:7.1f} s  {name}", file=sys.stderr)

    def table(self) -> str:
        rows = [f"| {name} | {seconds:.1f} s |" for name, seconds in self.rows]
        total = sum(seconds for _, seconds in self.rows)
        return "\n".join(["| step | time |", "|---|---|", *rows, f"| together | {total:.0f} s |"])


class Installation:
    """The API of the running demo."""

    def __init__(self, demo: dict[str, Any]) -> None:
        self._demo = demo

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the parsed answer. Raises HTTPError if it is an error."""
        headers = {"x-api-key": self._demo["apiKey"], "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self._demo['baseUrl']}/api/v1/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
            return json.load(answer)

    def upload(self, path: str, content: bytes, **query: str) -> Any:
        headers = {"x-api-key": self._demo["apiKey"], "Content-Type": "text/csv"}
        url = f"{self._demo['baseUrl']}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(url, content, headers), timeout=60) as answer:
            return json.load(answer)

    def download(self, path: str) -> str:
        url = f"{self._demo['baseUrl']}{path}" if path.startswith("/") else path
        request = urllib.request.Request(url, headers={"x-api-key": self._demo["apiKey"]})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode("utf-8-sig"))


def follow(folder: Path, hour: Hour) -> subprocess.Popen[bytes]:
    """Take all steps in a clone; return the running stack."""
    clone, port = folder / "distributor", free_port()
    with hour.step("`git clone`"):
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with hour.step("`make run`: install everything, start everything, make the demo"):
        stack = start(clone, port)
    demo = json.loads((clone / ".data/demo.json").read_text())
    installation, mailbox = Installation(demo), Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        send_and_export(installation, demo, mailbox, server.port, hour)
    finally:
        server.stop()
    return stack


def start(clone: Path, port: int) -> subprocess.Popen[bytes]:
    with (clone.parent / "stack.log").open("wb") as log:
        command = ["make", "run", f"PORT={port}"]
        stack = subprocess.Popen(
            command, cwd=clone, env=clean_environment(), stdout=log, stderr=log, start_new_session=True
        )
    wait_until(lambda: stack.poll() is not None or (clone / ".data/demo.json").exists(), 1_200)
    assert stack.poll() is None, (clone.parent / "stack.log").read_text()
    return stack


def send_and_export(
    installation: Installation, demo: dict[str, Any], mailbox: Mailbox, smtp_port: int, hour: Hour
) -> None:
    with hour.step("an SMTP account of one's own"):
        configuration = {"host": "localhost", "port": smtp_port, "security": "none"}
        account = {"name": "My SMTP server", "kind": "smtp", "channel": "email", "fromEmail": "surveys@example.com"}
        account = installation.call("POST", "providers", account | {"configuration": configuration})
        assert account["faults"] == []
    list_id = installation.call("POST", "lists", {"name": "April guests"})["id"]
    with hour.step(f"{PEOPLE} people from a CSV file onto a list"):
        rows = [f"PAT-{number:04},Ann{number},ann{number}@example.com" for number in range(PEOPLE)]
        file = "\n".join(["external id,first name,email", *rows]).encode()
        made = installation.upload("imports", file, listId=list_id, fileName="people.csv")
        wait_until(lambda: installation.call("GET", f"imports/{made['id']}")["state"] == "done", 120)
    with hour.step("send the survey to the list, until the mail server has all messages"):
        step = {"channel": "email", "providerIds": [account["id"]], "templateId": demo["templates"]["email"]}
        body = {"surveyId": demo["surveyId"], "steps": [step], "audience": {"listId": list_id}}
        distribution_id = installation.call("POST", "distributions", body)["id"]
        wait_until(lambda: len(mailbox.codes) == PEOPLE, 120)
    with hour.step("everybody answers, one call after the other"):
        for number, code in enumerate(mailbox.codes.values()):
            installation.call("POST", f"links/{code}/responses", {"answers": {"score": number % 11}})
    with hour.step("the answers as a CSV file"):
        body = {"kind": "responses", "format": "csv", "filters": {"distributionId": distribution_id}}
        export_id = installation.call("POST", "exports?wait=30", body)["id"]
        wait_until(lambda: installation.call("GET", f"exports/{export_id}")["state"] == "ready", 120)
        assert len(installation.download(f"/api/v1/exports/{export_id}/file").splitlines()) == PEOPLE + 1


def main() -> None:
    hour = Hour()
    with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
        stack = follow(Path(folder), hour)
        os.killpg(stack.pid, signal.SIGINT)
        stack.wait(60)
    print(hour.table())


if __name__ == "__main__":
    main()
