"""Write a run's results into docs/benchmarks/: `python -m tests.bench.report.publish .data/bench.json`.

results.md has the ratios, the figures with their spread, and pictures. A run beside other work is published as such.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench.report.chart import Row, bar_chart, shown
from tests.bench.report.titles import ACCEPTANCE, BUSY, DISPATCH, MESSAGES, MIXES, PROVIDERS, SMTP, TITLES, TUNED
from tests.bench.rounds import Rounds, Spread
from tests.bench.stage.disturbance import MOST_PERCENT

DOCS = Path(__file__).parents[3] / "docs/benchmarks"
OURS = frozenset("cgyhino")
# By file: title, scenarios, and the figures with their names in a label.
PICTURES: Mapping[str, tuple[str, tuple[str, ...], Mapping[str, str]]] = {
    "acceptance": ("Contacts accepted per second", ACCEPTANCE, {f"{mix}_contacts_per_second": mix for mix in MIXES}),
    "single-send": ("Single sends accepted per second", ("nn", "n", "nf"), {"requests_per_second": ""}),
    "dispatch": ("Messages dispatched per second", DISPATCH, {MESSAGES: "", TUNED: "tuned"}),
    "smtp": ("E-mails per second by SMTP", SMTP, {MESSAGES: "", TUNED: "tuned"}),
    "providers": ("Messages per second through providers", PROVIDERS, {MESSAGES: ""}),
}
_HEAD = """# Results of the last run

Written by `python -m tests.bench.report.publish`; do not change by hand. What is measured, and how:
[benchmarks](../benchmarks.md). The letters are those of its scenarios. A figure is the median of its rounds.
"""


def publish(source: Path, folder: Path = DOCS) -> list[Path]:
    """Write results.md and a picture for each group that was run. Returns the files."""
    content = json.loads(source.read_text())
    rounds = Rounds()
    for scenario, figures in content["rounds"].items():
        for figure, values in figures.items():
            for value in values:
                rounds.add(scenario, {figure: value})
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {name: svg for name in PICTURES if (svg := _picture(name, rounds))}
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, svg in pictures.items():
        (folder / f"{name}.svg").write_text(svg)
    page = folder / "results.md"
    page.write_text("\n".join(_page(content, rounds, list(pictures))))
    return [page, *(folder / f"{name}.svg" for name in pictures)]


def _picture(name: str, rounds: Rounds) -> str:
    title, scenarios, figures = PICTURES[name]
    rows = [
        Row(f"{_short(scenario)}{f', {words}' if words else ''}", spread, is_ours=scenario in OURS)
        for scenario in scenarios
        for figure, words in figures.items()
        if (spread := rounds.spread(scenario, figure))
    ]
    return bar_chart(title, rows) if rows else ""


def _short(scenario: str) -> str:
    return f"({scenario}) {TITLES[scenario]}"


def _page(content: Mapping[str, Any], rounds: Rounds, pictures: list[str]) -> Iterator[str]:
    yield _HEAD
    yield f"{content['contacts']:,} contacts. " + ", ".join(
        f"{name} {fact}" for name, fact in content["machine"].items()
    )
    yield ""
    busy = max((max(values) for _, figure, values in rounds if figure == BUSY), default=0.0)
    if busy > MOST_PERCENT:
        yield f"**Other work kept the machine up to {busy:.0f} % busy: nothing here is evidence.**"
    else:
        yield f"Other work kept the machine at most {busy:.0f} % busy."
    yield from ("", "## Ratios and limits", "")
    yield from ("| what | median | least | greatest | rounds | aim | met |", "|---|---|---|---|---|---|---|")
    for bar in content["bars"]:
        unit = bar["unit"]
        aim = f"at {'most' if bar['is_most'] else 'least'} {bar['limit']:g}{unit}"
        cells = (*(f"{shown(bar[name])}{unit}" for name in ("ratio", "least", "greatest")), bar["rounds"], aim)
        yield f"| {bar['name']} | " + " | ".join(map(str, cells)) + f" | {'yes' if bar['is_met'] else 'no'} |"
    yield from _comparison(rounds)
    yield from ("", "## Figures", "")
    for name in pictures:
        yield from (f"![{PICTURES[name][0]}]({name}.svg)", "")
    yield from ("| scenario | figure | median | least | greatest | rounds |", "|---|---|---|---|---|---|")
    for scenario, figure, values in rounds:
        if figure != BUSY:
            spread = Spread.of(values)
            cells = (shown(spread.median), shown(spread.least), shown(spread.greatest), str(spread.count))
            yield f"| {_short(scenario)} | {figure.replace('_', ' ')} | " + " | ".join(cells) + " |"
    yield ""


def _comparison(rounds: Rounds) -> Iterator[str]:
    """Yield a table of how many times as fast ours is as each competitor that sends the same messages."""
    rows = [
        f"| {_short(theirs)} | {words} | {shown(ratio.median)}x | {shown(ratio.least)}x | {shown(ratio.greatest)}x |"
        for ours, group in (("g", DISPATCH), ("y", SMTP))
        for theirs in group
        for figure, words in ((MESSAGES, "as it comes"), (TUNED, "tuned"))
        if theirs != ours and (ratio := rounds.ratio((ours, MESSAGES), (theirs, figure)))
    ]
    if rows:
        yield from ("", "## Messages a second, ours against others", "")
        yield from ("| ours / | its settings | median | least | greatest |", "|---|---|---|---|---|", *rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in publish(Path(sys.argv[1])):
        print(path)
