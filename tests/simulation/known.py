"""What the simulation itself knows of its world: kept in plain objects, never read back from the product."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID


@dataclass(frozen=True)
class Hours:
    """When nothing is sent; `quiet` are two local times, `weekdays` ISO."""

    quiet: tuple[time, time] | None
    weekdays: frozenset[int]


@dataclass
class House:
    """An organisation: its rules, and the addresses that are closed to it as (channel, address, reason)."""

    id: UUID
    zone: str
    hours: Hours
    minimum_days: int | None
    throttle_minutes: int | None
    survey_ids: list[UUID]
    account_ids: dict[str, UUID]
    template_ids: dict[str, UUID]
    people: list["Person"] = field(default_factory=list)
    closed: set[tuple[str, str, str]] = field(default_factory=set)

    def is_closed(self, channel: str, address: str) -> bool:
        return any((channel, address, reason) in self.closed for reason in REASONS)


REASONS = ("unsubscribe", "stop", "bounce", "complaint", "manual")


@dataclass(eq=False)
class Person:
    """A contact. `sends` are the calls for it that a provider was made, in their order."""

    id: UUID
    external_id: str
    house: House
    addresses: dict[str, str]
    zone: str
    is_out: bool = False
    was_out: bool = False
    sends: list["Call"] = field(default_factory=list)


@dataclass(eq=False)
class Campaign:
    """A distribution, as it was asked for and as it was steered since."""

    id: UUID
    house: House
    survey_id: UUID
    channels: tuple[str, ...]
    is_multi: bool
    fallback_delay: timedelta | None
    accepted_at: datetime
    scheduled_at: datetime | None
    not_after: datetime | None
    expires_at: datetime | None
    throttle: timedelta | None
    minimum_days: int | None
    recent_days: int | None
    skipped: int
    is_paused: bool = False
    is_cancelled: bool = False
    duplicate_risks: int = 0
    journeys: list["Journey"] = field(default_factory=list)


@dataclass(eq=False)
class Journey:
    """A recipient."""

    campaign: Campaign
    person: Person
    code: str
    when: datetime | None
    last_sent_at: datetime | None
    has_responded: bool = False
    calls: list["Call"] = field(default_factory=list)


@dataclass(eq=False)
class Call:
    """One message that was handed to a provider.

    `answer` is what it said, `is_taken` the truth. `is_known` once it was told that the message had left, `has_failed`
    once it was told that nothing arrived.
    """

    journey: Journey
    channel: str
    attempt_id: str
    at: datetime
    answer: str = ""
    is_taken: bool = False
    is_about_account: bool = False
    is_known: bool = False
    has_failed: bool = False

    def __str__(self) -> str:
        told = " told" * self.is_known + " failed" * self.has_failed
        return f"{self.attempt_id} {self.at:%m-%d %H:%M:%S} {self.channel} {self.answer}{told}"

    @property
    def may_have_left(self) -> bool:
        return self.answer in ("accepted", "unknown")
