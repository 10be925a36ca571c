"""The outcome of a simulated month."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """`faults` are sentences. `seconds` are those of the preparation, the month itself and the final checks."""

    faults: list[str]
    counts: dict[str, int]
    seconds: tuple[float, float, float]
