"""What is shown: the log's lines and the curl command to paste."""

import io
import json
import shlex
from typing import Any

import pytest

from config.stack.log import StackLog
from config.stack.product.demo import render_curl
from config.stack.servers.valkey import Valkey


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


DEMO: dict[str, Any] = {
    "baseUrl": "http://localhost:8000",
    "apiKey": "dk_12345678_1234567890123456789012345678",
    "surveyId": "0195e3a1-0000-7000-8000-000000000001",
    "providers": {"email": "0195e3a1-0000-7000-8000-000000000002"},
    "templates": {"email": "0195e3a1-0000-7000-8000-000000000003"},
}


def test_a_line_carries_time_and_name() -> None:
    stream = io.StringIO()

    StackLog(stream).line("web", "GET / 200")

    time, name, *text = stream.getvalue().split()
    assert (time[2], time[5], name, text) == (":", ":", "web", ["GET", "/", "200"])


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()

    StackLog(terminal).line("web", "GET / 200")

    assert "\x1b[32mweb" in terminal.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()

    StackLog(terminal).alarm("web died")

    assert "\x1b" not in terminal.getvalue()


def test_a_log_that_nobody_reads_any_more_stops_nothing() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    StackLog(Closed()).say("still here")


@pytest.mark.parametrize(
    ("line", "tidy"),
    [
        ("8622:M 22 Nov 2026 02:11:01.014 # WARNING Memory overcommit", "WARNING Memory overcommit"),
        ("8622:M 22 Nov 2026 02:11:01.014 # WARNING …, set vm.overcommit_memory = 1", ""),
        ("8622:signal-handler (1795313487) Received SIGTERM", "Received SIGTERM"),
        ("*** FATAL CONFIG FILE ERROR ***", "*** FATAL CONFIG FILE ERROR ***"),
    ],
)
def test_valkey_s_own_prefix_is_dropped(line: str, tidy: str) -> None:
    assert Valkey.tidy(line) == tidy


def test_the_curl_is_one_shell_command_with_a_json_body() -> None:
    command = shlex.split(render_curl(DEMO).replace("\\\n", " "))

    assert command[:4] == [
        "curl",
        "-X",
        "POST",
        f"http://localhost:8000/api/surveys/{DEMO['surveyId']}/distributions/quick",
    ]
    assert f"x-api-key: {DEMO['apiKey']}" in command
    body = json.loads(command[command.index("-d") + 1])
    assert body["surveyId"] == DEMO["surveyId"]
    assert body["channels"] == [
        {"channel": "email", "providerId": DEMO["providers"]["email"], "templateId": DEMO["templates"]["email"]}
    ]
    assert body["contacts"][0]["externalId"] == "PAT-12345"
