"""A metric with its samples, and Prometheus' text format (version 0.0.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured. Names and labels follow Prometheus' conventions; `help` is a sentence for people."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Family:
    """A metric and its samples by the values of its labels. `lines` are samples in the text format."""

    metric: Metric
    lines: list[str] = field(default_factory=list)

    def add(self, value: float, *labels: str) -> None:
        """Add a sample of a counter or a gauge."""
        self.lines.append(_sample(self.metric.name, zip(self.metric.labels, labels, strict=True), value))

    def add_histogram(self, bounds: Sequence[float], classes: Sequence[int], seconds: float, *labels: str) -> None:
        """Add a histogram: `classes` are how many fell below each bound, and as the last one above all."""
        name, pairs = self.metric.name, list(zip(self.metric.labels, labels, strict=True))
        counts = list(accumulate(classes))
        for bound, count in zip([*(f"{bound:g}" for bound in bounds), "+Inf"], counts, strict=True):
            self.lines.append(_sample(f"{name}_bucket", [*pairs, ("le", bound)], count))
        self.lines.append(_sample(f"{name}_sum", pairs, seconds))
        self.lines.append(_sample(f"{name}_count", pairs, counts[-1]))


def write_text(families: Iterable[Family]) -> str:
    """Return families in the text format. One without samples has its HELP and TYPE only."""
    lines: list[str] = []
    for family in families:
        metric = family.metric
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind.value}", *family.lines]
    return "\n".join([*lines, ""])


def _sample(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    text = ",".join(f'{label}="{_escape(given)}"' for label, given in labels)
    return f"{name}{{{text}}} {_number(value)}" if text else f"{name} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))


_ESCAPED: Final[Mapping[int, str]] = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n"}


def _escape(text: str) -> str:
    return text.translate(_ESCAPED)
