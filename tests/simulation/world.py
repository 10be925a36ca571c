"""The state of the simulated world, in plain objects that are never read back from the product."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID


@dataclass(frozen=True)
class Hours:
    """When nothing is sent. `quiet` are two local times; `weekdays` are the allowed days, as ISO numbers."""

    quiet: tuple[time, time] | None
    weekdays: frozenset[int]


@dataclass
class Tenant:
    """An organisation with its rules. `closed` are its suppressions as (channel, address, reason)."""

    id: UUID
    zone: str
    hours: Hours
    minimum_days: int | None
    throttle_minutes: int | None
    survey_ids: list[UUID]
    account_ids: dict[str, UUID]
    template_ids: dict[tuple[str, str], UUID]  # by step and channel
    shared_account_ids: list[UUID] = field(default_factory=list)  # accounts that share e-mail by weight
    people: list["Person"] = field(default_factory=list)
    stop_closes: str = "everything"
    complaint_closes: str = "everything"
    closed: set[tuple[str, str, str]] = field(default_factory=set)
    once_closed: set[tuple[str, str]] = field(default_factory=set)
    _by_address: dict[str, list["Person"]] = field(default_factory=dict)

    def close(self, channel: str, address: str, reason: str) -> None:
        self.closed.add((channel, address, reason))
        self.once_closed.add((channel, address))

    def holders(self, address: str) -> list["Person"]:
        """Return everybody who has an address."""
        if not self._by_address:
            for person in self.people:
                for own in set(person.addresses.values()):
                    self._by_address.setdefault(own, []).append(person)
        return [person for person in self._by_address.get(address, ()) if address in person.addresses.values()]

    def is_closed(self, channel: str, address: str) -> bool:
        return any((channel, address, reason) in self.closed for reason in REASONS)


REASONS = ("unsubscribe", "stop", "bounce", "complaint", "manual")
INVITATION = "invitation"


@dataclass(frozen=True)
class Later:
    """A reminder or thank-you, sent `delay` after the last message or after the response."""

    channel: str
    delay: timedelta


@dataclass(eq=False)
class Person:
    """A contact. `sends` are the messages for it that were handed to a provider, in their order.

    `former` are the addresses that it had before it was erased.
    """

    id: UUID
    external_id: str
    tenant: Tenant
    addresses: dict[str, str]
    zone: str
    is_opted_out: bool = False
    was_opted_out: bool = False
    is_erased: bool = False
    former: dict[str, str] = field(default_factory=dict)
    journeys: list["Journey"] = field(default_factory=list)
    sends: list["Call"] = field(default_factory=list)


@dataclass(eq=False)
class Campaign:
    """A distribution, as it was requested and as it was changed since."""

    id: UUID
    tenant: Tenant
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
    stops_on: str = "response"
    reminders: tuple[Later, ...] = ()
    thanks: tuple[Later, ...] = ()
    journeys: list["Journey"] = field(default_factory=list)


@dataclass(eq=False)
class Journey:
    """A recipient's journey. `no_at` is when the person last said no, since the journey was accepted."""

    campaign: Campaign
    person: Person
    code: str
    when: datetime | None
    last_sent_at: datetime | None
    responded_at: datetime | None = None
    is_opened: bool = False  # the link
    no_at: datetime | None = None
    calls: list["Call"] = field(default_factory=list)

    @property
    def has_responded(self) -> bool:
        return self.responded_at is not None


@dataclass(eq=False)
class Call:
    """A message that was handed to a provider.

    `step` is the step that the message text names: "invitation", "reminder 1", "thanks 2".
    `answer` is the provider's result, and `is_taken` whether the provider really accepted the message.
    An event reported that it was sent (`is_known`), failed, delivered, or opened.
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
    step: str = INVITATION
    is_delivered: bool = False
    is_opened: bool = False
    account: str = ""  # the name of the account

    def __str__(self) -> str:
        reported = " reported" * self.is_known + " failed" * self.has_failed
        return f"{self.attempt_id} {self.at:%m-%d %H:%M:%S} {self.step} by {self.channel} {self.answer}{reported}"

    @property
    def kind(self) -> str:
        return self.step.partition(" ")[0]

    @property
    def number(self) -> int:
        """The number among the reminders or thank-yous; 0 for an invitation."""
        return int(self.step.partition(" ")[2] or 0)

    @property
    def may_have_left(self) -> bool:
        return self.answer in ("accepted", "unknown")

    @property
    def has_arrived(self) -> bool:
        """Whether it arrived, as far as results and events say."""
        return (self.answer == "accepted" and not self.has_failed) or self.is_known

    def is_of_step(self, other: "Call") -> bool:
        return (self.step, self.channel) == (other.step, other.channel)
