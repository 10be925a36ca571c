"""`distributor` in this process, and a worker that works while a command waits."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.command_line.program import program
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import run_due_retries
from distributor.models import Survey
from distributor.models.batch import Lane


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    text: str
    faults: str

    @property
    def document(self) -> Any:
        return json.loads(self.text)


Run = Callable[..., Answer]
WriteFile = Callable[[str], str]


@pytest.fixture
def run(db: None) -> Run:
    """Run a command: `run("status", "--json")`."""

    def invoke(*arguments: str) -> Answer:
        result = CliRunner().invoke(program, list(arguments), catch_exceptions=False)
        return Answer(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def csv_file(tmp_path: Path) -> WriteFile:
    def write(text: str) -> str:
        file = tmp_path / "people.csv"
        file.write_text(text)
        return str(file)

    return write


@pytest.fixture
def defaults(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    """ACME has a survey “Your stay”, and for each channel a default account and template."""
    for account in accounts.values():
        account.is_default = True
        account.save()
    for template in templates.values():
        template.is_default = True
        template.save()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let a worker work instead of each pause of a command that waits. Returns what does so, to be called at will."""

    def work(_seconds: float = 0) -> None:
        run_due_retries(database_now)
        for lane in Lane:
            dispatch_lane(lane, database_now)

    monkeypatch.setattr("distributor.command_line.waiting.sleep", work)
    return work
