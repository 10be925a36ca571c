"""What a simulated month came to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """`faults` are sentences, `counts` by name; `seconds` of preparing, of the month itself, and of the reckoning."""

    faults: list[str]
    counts: dict[str, int]
    seconds: tuple[float, float, float]
