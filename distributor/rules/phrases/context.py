"""What the sentences of all languages share: the facts behind a reason, times, and what a language consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from distributor.rules.journey.forecast import ForecastMessage
from distributor.rules.timing.time_zones import zone_named

_UNITS: Final = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


class Context(NamedTuple):
    """The facts behind a reason, and the time and zone to show them in."""

    detail: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo

    @property
    def provider_error(self) -> str:
        """The provider's code and detail in brackets, or "" if it gave neither."""
        error = " ".join(str(self.detail[name]) for name in ("code", "detail") if self.detail.get(name))
        return f" ({error})" if error else ""

    def moment(self, name: str) -> datetime | None:
        moment = self.detail.get(name)
        return None if moment is None else datetime.fromisoformat(moment)

    def at(self, name: str, unknown: str) -> str:
        """Return a time of the detail, or `unknown` if it has none."""
        moment = self.moment(name)
        return unknown if moment is None else local(moment, self.zone)


@dataclass(frozen=True, slots=True)
class Language:
    """The sentences of one language. All values are shown as they are; only words and their order differ.

    `reasons` are by the reason's code. `opening` takes a DecisionKind and the local time of a deferral, if it has one.
    `cause` says why a deferred message waits, or is "".
    """

    reasons: Mapping[str, Callable[[Context], str]]
    opening: Callable[[str, str | None], str]
    step: Callable[[ForecastMessage, str, str, str | None, str], str]  # message, kind, channel, local time, cause
    missing_value: Callable[[str, str, int, bool], str]  # placeholder, channel, recipients, is_sent
    route: Callable[[Mapping[str, Any]], str]
    step_name: Callable[[str, str], str]  # kind, channel
    machine_visits: Callable[[int, str], str]  # count, sign


def context_of(detail: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> Context:
    """Return the facts with times in `zone`, or in the zone that the detail names."""
    return Context(detail, now, zone_named(detail.get("zone", ""), zone.key))


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time such as 2026-03-02 08:00 (Europe/Warsaw), with seconds unless they are zero."""
    try:
        shown, name = moment.astimezone(zone), zone.key
    except OverflowError:  # at the calendar's ends, the zone's local time may lie beyond them
        shown, name = moment.astimezone(UTC), "UTC"
    return f"{shown.replace(tzinfo=None).isoformat(' ', 'seconds').removesuffix(':00')} ({name})"


def largest_unit(elapsed: timedelta) -> tuple[int, str]:
    """Return a span in whole days, hours or minutes, such as (3, "day"); (0, "minute") below one minute."""
    for unit, length in _UNITS:
        if count := elapsed // length:
            return count, unit
    return 0, "minute"
