"""The mail server of the SMTP benchmark accepts everything and counts it."""

import smtplib
import time
from pathlib import Path

import pytest

from tests.bench.stage import smtp_sink as module
from tests.bench.stage.smtp_sink import smtp_sink

MESSAGE = "Subject: How was your visit?\r\n\r\nOne question.\r\n"


def test_the_stand_by_counts_messages_over_all_its_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "SBIN", "")

    with smtp_sink(tmp_path) as sink:
        for _ in range(6):  # Each connection may reach another process.
            with smtplib.SMTP("127.0.0.1", sink.port) as client:
                client.sendmail("survey@example.com", ["john@example.com"], MESSAGE)
        deadline = time.monotonic() + 10
        while sink.count() < 6 and time.monotonic() < deadline:
            time.sleep(0.05)

        assert not sink.is_fast
        assert sink.count() == 6
