"""Who is sent to, and why not: the same rules at acceptance and again right before a message leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# Suppressions that the person asked for, as against those that an address earned by bouncing.
OPT_OUT_REASONS = frozenset({"unsubscribe", "stop"})


class Reason(StrEnum):
    """Why a contact is not sent to. Stable: callers read them."""

    OPTED_OUT = "opted_out"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    FREQUENCY_RULE = "frequency_rule"
    RECENTLY_CONTACTED = "recently_contacted"
    THROTTLED = "throttled"
    EXPIRED = "expired"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"

    @property
    def is_about_the_channel(self) -> bool:
        """Another channel may still reach the contact."""
        return self in (Reason.SUPPRESSED, Reason.NO_ADDRESS)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, and what it is based on."""

    reason: Reason
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What is known of a contact when it is judged.

    `addresses` and `suppressions` (its reasons) are by channel; an absent channel has none. `last_contacted_at` is the
    last send of any survey by another journey than the one judged, `last_surveyed_at` that of the same survey.
    """

    addresses: Mapping[str, str]
    suppressions: Mapping[str, str] = field(default_factory=dict)
    opted_out_at: datetime | None = None
    last_contacted_at: datetime | None = None
    last_surveyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """How soon a contact may be sent to again, in days; None: no limit."""

    minimum_days: int | None = None
    recent_days: int | None = None

    @property
    def any(self) -> bool:
        return self.minimum_days is not None or self.recent_days is not None


def refuse_contact(facts: ContactFacts, limits: ContactLimits, leaves_at: datetime) -> Refusal | None:
    """Why the contact is not sent to on any channel by a message that leaves then, or None."""
    if facts.opted_out_at is not None:
        return Refusal(Reason.OPTED_OUT, {"since": facts.opted_out_at.isoformat()})
    return refuse_too_soon(facts.last_contacted_at, limits, leaves_at)


def refuse_too_soon(last_contacted_at: datetime | None, limits: ContactLimits, leaves_at: datetime) -> Refusal | None:
    """The frequency rules: at least so many days of 24 hours between two sends.

    What counts is when the message leaves. A call in March for a distribution in May is judged by May.
    """
    if last_contacted_at is None:
        return None
    for reason, days in (
        (Reason.FREQUENCY_RULE, limits.minimum_days),
        (Reason.RECENTLY_CONTACTED, limits.recent_days),
    ):
        if days is not None and leaves_at < last_contacted_at + timedelta(days=days):
            return Refusal(reason, {"lastContactedAt": last_contacted_at.isoformat(), "days": days})
    return None


def refuse_channel(facts: ContactFacts, channel: str) -> Refusal | None:
    """Why this channel does not reach the contact, or None."""
    if not facts.addresses.get(channel):
        return Refusal(Reason.NO_ADDRESS, {"channel": channel})
    if (suppression := facts.suppressions.get(channel)) is not None:
        reason = Reason.OPTED_OUT if suppression in OPT_OUT_REASONS else Reason.SUPPRESSED
        return Refusal(reason, {"channel": channel, "suppression": suppression})
    return None


def channels_to_go_on(facts: ContactFacts) -> set[str]:
    """Those that a journey may go on by when another is shut.

    A channel that the person has told to stop is among them: it is not stepped over, there the journey ends.
    """
    refusals = {channel: refuse_channel(facts, channel) for channel in facts.addresses}
    return {channel for channel, refusal in refusals.items() if not (refusal and refusal.reason.is_about_the_channel)}


def choose_channel(
    facts: ContactFacts, channels: Sequence[str], *, exclude_opted_out: bool, limits: ContactLimits, leaves_at: datetime
) -> int | Refusal:
    """At acceptance: the position of the first channel that reaches the contact, or why none does.

    `leaves_at` is when the message may leave at the earliest: the moment of the call, or the schedule's.
    Without `exclude_opted_out` a contact who opted out becomes a recipient with a link all the same. Nothing is sent
    to it: right before a message leaves, `refuse_contact` and `refuse_channel` hold without exception.
    """
    if exclude_opted_out and facts.opted_out_at is not None:
        return Refusal(Reason.OPTED_OUT, {"since": facts.opted_out_at.isoformat()})
    if facts.last_contacted_at is not None:
        too_soon = refuse_too_soon(facts.last_contacted_at, limits, leaves_at)
        if too_soon is not None:
            return too_soon
    refusals = []
    for position, channel in enumerate(channels):
        refusal = refuse_channel(facts, channel)
        if refusal is None or (refusal.reason is Reason.OPTED_OUT and not exclude_opted_out):
            return position
        refusals.append(refusal)
    # Having opted out says more than lacking an address on some other channel.
    return min(refusals, key=lambda refusal: list(Reason).index(refusal.reason))
