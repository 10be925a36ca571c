"""Whether the figures of a run reach what they must."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.bench.report.bars import Bar, Limit
from tests.bench.rounds import Rounds, Spread


@dataclass(frozen=True)
class Verdict:
    """The result of a bar or limit. `ratio` is a ratio of two figures, or a figure with a unit: the median of `rounds`.

    `least` and `greatest` are those of the rounds.
    """

    name: str
    ratio: float
    limit: float
    is_most: bool
    is_met: bool
    unit: str = "x"
    least: float = 0.0
    greatest: float = 0.0
    rounds: int = 1

    def __str__(self) -> str:
        word, bound = "pass" if self.is_met else "FAIL", "at most" if self.is_most else "at least"
        spread = f"  ({self.least:.1f}–{self.greatest:.1f} in {self.rounds} rounds)" if self.rounds > 1 else ""
        return f"  {word}  {self.name:<46}{self.ratio:>8.1f}{self.unit:<2}  {bound} {self.limit:g}{self.unit}{spread}"


def judge(rounds: Rounds, bars: Iterable[Bar], limits: Iterable[Limit] = ()) -> list[Verdict]:
    """Return verdicts on the bars and limits whose scenarios were run. The medians are judged."""
    verdicts = []
    for bar in bars:
        if ratio := rounds.ratio(bar.over, bar.under):
            is_met = ratio.median <= bar.limit if bar.is_most else ratio.median >= bar.limit
            verdicts.append(_verdict(bar.name, ratio, bar.limit, is_most=bar.is_most, is_met=is_met))
    for limit in limits:
        if value := rounds.spread(*limit.figure):
            is_met = value.median <= limit.limit
            verdicts.append(_verdict(limit.name, value, limit.limit, is_most=True, is_met=is_met, unit=limit.unit))
    return verdicts


def _verdict(name: str, spread: Spread, limit: float, *, is_most: bool, is_met: bool, unit: str = "x") -> Verdict:
    return Verdict(
        name, spread.median, limit, is_most, is_met, unit, spread.least, spread.greatest, rounds=spread.count
    )
