"""The JSON file of a run."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.report.titles import TITLES
from tests.bench.report.verdicts import Verdict
from tests.bench.rounds import Rounds


def write_json(
    path: Path, contact_count: int, rounds: Rounds, verdicts: list[Verdict], machine: Mapping[str, str]
) -> None:
    """Write `{contacts, machine, scenarios: {letter: {title, …medians}}, rounds: {letter: {figure: […]}}, bars: […]}`.

    A bar is a Verdict: `{name, ratio, limit, is_most, is_met, unit, least, greatest, rounds}`.
    """
    content: dict[str, Any] = {
        "contacts": contact_count,
        "machine": dict(machine),
        "scenarios": {name: {"title": TITLES[name], **values} for name, values in rounds.medians().items()},
        "rounds": rounds.as_json(),
        "bars": [asdict(verdict) for verdict in verdicts],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
