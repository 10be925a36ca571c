"""How long calls took, in classes, by API, method and kind of status. Kept in Valkey for all web processes together."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from redis.client import Pipeline

from distributor.engine.infrastructure.valkey import ask_valkey

# Hashes: `native|POST|2xx|3` is how many calls fell into the fourth class, `native|POST|2xx|sum` their seconds.
DURATIONS: Final = "distributor:durations:calls"
ACCEPTED: Final = "distributor:durations:accepted"
# Upper bounds in seconds. The last class has none.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Durations:
    """The calls with one set of labels: how many fell into each class, and how many seconds they took together."""

    def __init__(self) -> None:
        self.classes = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


def class_of(seconds: float) -> int:
    """Return the class of a duration."""
    return bisect_left(BOUNDS, seconds)


def read_durations() -> Mapping[str, Mapping[tuple[str, ...], Durations]] | None:
    """Return DURATIONS by (api, method, status) and ACCEPTED by (api,). None if Valkey is away.

    Where there were calls and no 5xx, these are 0: Prometheus sees no increase in the first number of a series.
    """

    def write_commands(pipeline: Pipeline) -> None:
        pipeline.hgetall(DURATIONS)
        pipeline.hgetall(ACCEPTED)

    answers = ask_valkey(write_commands)
    if answers is None:
        return None
    calls, accepted = (_parse(fields) for fields in answers)
    for api, method in {labels[:2] for labels in calls}:
        calls.setdefault((api, method, "5xx"), Durations())
    return {DURATIONS: calls, ACCEPTED: accepted}


def _parse(fields: Mapping[bytes, bytes]) -> dict[tuple[str, ...], Durations]:
    found: dict[tuple[str, ...], Durations] = {}
    for field, value in fields.items():
        *labels, place = field.decode().split("|")
        durations = found.setdefault(tuple(labels), Durations())
        if place == "sum":
            durations.seconds = float(value)
        elif int(place) < len(durations.classes):
            durations.classes[int(place)] = int(value)
    return found
