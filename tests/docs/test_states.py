"""docs/reference/states.md has the states of the types that it names, and no other."""

import re
from enum import Enum

import pytest

from distributor.models.attempt import AttemptState
from distributor.models.batch import BatchState
from distributor.models.file_import import ImportState
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.exports import ExportState
from distributor.rules.journey.delivery_events import Progress, Trouble
from distributor.rules.journey.distribution_status import DistributionStatus
from distributor.rules.journey.stop_reasons import StopReason
from tests.docs.test_paths import ROOT

PAGE = (ROOT / "docs/reference/states.md").read_text()
CHAPTERS = dict(re.findall(r"`(\w+)` \([\w/]+\.py\)(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TYPES: list[type[Enum]] = [DistributionStatus, RecipientState, RecipientOutcome, StopReason, AttemptState]
TYPES += [Progress, Trouble, BatchState, ImportState, ExportState]


def test_every_chapter_is_compared() -> None:
    assert CHAPTERS.keys() == {kind.__name__ for kind in TYPES}


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_states_are_those_of_the_code(kind: type[Enum]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+? \|(?: ([^|]*)\|)?$", CHAPTERS[kind.__name__], re.MULTILINE)
    names = {state.name.lower() if isinstance(state.value, int) else str(state.value) for state in kind}
    assert {state for state, _ in rows} == names
    assert {follower for _, followers in rows for follower in re.findall(r"`(\w+)`", followers)} <= names
