"""Whether a contact may be sent to, and why not. Asked at acceptance, and again right before a message leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# Suppressions that the person asked for. The other reasons come from bounces, complaints and operators.
OPT_OUT_REASONS = frozenset({"unsubscribe", "stop"})


class Reason(StrEnum):
    """Why a contact is not sent to. The values are public: callers read them."""

    OPTED_OUT = "opted_out"
    SUPPRESSED = "suppressed"
    NUMBER_NOT_ALLOWED = "number_not_allowed"
    NOT_IN_TEAM = "not_in_team"
    NO_ADDRESS = "no_address"
    FREQUENCY_RULE = "frequency_rule"
    RECENTLY_CONTACTED = "recently_contacted"
    THROTTLED = "throttled"
    EXPIRED = "expired"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"

    @property
    def is_about_the_channel(self) -> bool:
        """Whether another channel may still reach the contact."""
        return self in (Reason.SUPPRESSED, Reason.NUMBER_NOT_ALLOWED, Reason.NOT_IN_TEAM, Reason.NO_ADDRESS)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not sent. `detail` holds the facts behind the reason, as rules/phrases/ reads them."""

    reason: Reason
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What the eligibility rules know of a contact.

    `addresses` and `suppressions` (the reason of each) are keyed by channel; a missing channel has none.
    `last_contacted_at` is when another journey last sent the contact any survey, `last_surveyed_at` when another
    journey last sent it the same survey. `number_refusal` is why the organisation does not send to the phone number
    (contacts/number_rules.py): {"numberKind": …} or {"country": …}; None: it does. `outside_team` are the channels on
    which a team key must not send to the contact.
    """

    addresses: Mapping[str, str]
    suppressions: Mapping[str, str] = field(default_factory=dict)
    opted_out_at: datetime | None = None
    last_contacted_at: datetime | None = None
    last_surveyed_at: datetime | None = None
    number_refusal: Mapping[str, str] | None = None
    outside_team: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """The frequency rules: the least days between two sends to a contact; None: no limit.

    `minimum_days` is the organisation's rule, `recent_days` the call's.
    """

    minimum_days: int | None = None
    recent_days: int | None = None

    @property
    def any(self) -> bool:
        return self.minimum_days is not None or self.recent_days is not None


def refuse_contact(facts: ContactFacts, limits: ContactLimits, leaves_at: datetime) -> Refusal | None:
    """Return why a message that leaves at `leaves_at` may not go to the contact on any channel, or None."""
    if facts.opted_out_at is not None:
        return Refusal(Reason.OPTED_OUT, {"since": facts.opted_out_at.isoformat()})
    return refuse_too_soon(facts.last_contacted_at, limits, leaves_at)


def refuse_too_soon(last_contacted_at: datetime | None, limits: ContactLimits, leaves_at: datetime) -> Refusal | None:
    """Return which frequency rule is broken, or None. A day is 24 hours.

    The moment of sending counts, not the moment of the call: a call in March for a distribution in May is judged as of
    May.
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
    """Return why the contact cannot be reached on a channel, or None."""
    if not facts.addresses.get(channel):
        return Refusal(Reason.NO_ADDRESS, {"channel": channel})
    if (suppression := facts.suppressions.get(channel)) is not None:
        reason = Reason.OPTED_OUT if suppression in OPT_OUT_REASONS else Reason.SUPPRESSED
        return Refusal(reason, {"channel": channel, "suppression": suppression})
    if facts.number_refusal is not None and channel != "email":
        return Refusal(Reason.NUMBER_NOT_ALLOWED, {"channel": channel, **facts.number_refusal})
    if channel in facts.outside_team:
        return Refusal(Reason.NOT_IN_TEAM, {"channel": channel})
    return None


def channels_to_try(facts: ContactFacts) -> set[str]:
    """Return the channels that a journey may continue on after another channel was refused.

    They include channels that the person opted out of: such a channel is not skipped, it ends the journey.
    """
    refusals = {channel: refuse_channel(facts, channel) for channel in facts.addresses}
    return {channel for channel, refusal in refusals.items() if not (refusal and refusal.reason.is_about_the_channel)}


def choose_channel(
    facts: ContactFacts, channels: Sequence[str], *, exclude_opted_out: bool, limits: ContactLimits, leaves_at: datetime
) -> int | Refusal:
    """Return the position of the first channel that reaches the contact, or why none does. Asked at acceptance.

    `leaves_at` is the earliest moment at which the message may leave. Without `exclude_opted_out`, a contact who opted
    out still becomes a recipient with a link, but nothing is sent to it: `refuse_contact` and `refuse_channel` apply
    without exception right before a message leaves.
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
    # Report the gravest reason: an opt-out says more than a missing address on another channel.
    return min(refusals, key=lambda refusal: list(Reason).index(refusal.reason))
