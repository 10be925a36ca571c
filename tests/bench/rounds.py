"""The figures of a run, round by round: what is compared takes turns, and the spread of the rounds tells the noise."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Spread:
    """The median of some values, between the least and the greatest."""

    median: float
    least: float
    greatest: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(median(values), min(values), max(values), len(values))


class Rounds:
    """Values by scenario and figure, in the order of the rounds. A scenario that has no rounds has one value."""

    def __init__(self, figures: Figures | None = None) -> None:
        self._values: dict[str, dict[str, list[float]]] = {}
        for scenario, values in (figures or {}).items():
            self.add(scenario, values)

    def add(self, scenario: str, figures: Mapping[str, float]) -> None:
        """Add the figures of one round."""
        of_scenario = self._values.setdefault(scenario, {})
        for figure, value in figures.items():
            of_scenario.setdefault(figure, []).append(value)

    def take_over(self, other: "Rounds") -> None:
        """Add all rounds of a part of the run."""
        for scenario, figure, values in other:
            self._values.setdefault(scenario, {}).setdefault(figure, []).extend(values)

    def __iter__(self) -> Iterator[tuple[str, str, list[float]]]:
        for scenario, figures in self._values.items():
            for figure, values in figures.items():
                yield scenario, figure, values

    def medians(self) -> dict[str, dict[str, float]]:
        return {
            scenario: {figure: median(values) for figure, values in figures.items()}
            for scenario, figures in self._values.items()
        }

    def spread(self, scenario: str, figure: str) -> Spread | None:
        values = self._values.get(scenario, {}).get(figure)
        return Spread.of(values) if values else None

    def ratio(self, over: tuple[str, str], under: tuple[str, str]) -> Spread | None:
        """Return the ratio of two figures, taken in each round by itself. None if either was not measured.

        Without as many rounds of both there is one ratio, of the medians.
        """
        above, below = (self._values.get(scenario, {}).get(figure) or [] for scenario, figure in (over, under))
        if not above or not below or not all(below):
            return None
        if len(above) != len(below):
            above, below = [median(above)], [median(below)]
        return Spread.of([upper / lower for upper, lower in zip(above, below, strict=True)])

    def as_json(self) -> dict[str, dict[str, list[float]]]:
        return self._values


def in_turns(count: int, scenarios: Mapping[str, Callable[[], Mapping[str, float]]]) -> Rounds:
    """Measure each scenario once in each round. Every second round goes backwards: being first is no advantage."""
    rounds = Rounds()
    for number in range(count):
        for name in list(scenarios)[:: -1 if number % 2 else 1]:
            rounds.add(name, scenarios[name]())
    return rounds
