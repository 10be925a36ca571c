"""Why something did or did not go out, as one English sentence: total over every reason that the engine writes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from distributor.rules.eligibility import Reason
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.timing.departure import Delay
from distributor.rules.timing.time_zones import zone_named

_CHANNELS: Final = {"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp"}
_SUPPRESSED: Final = {
    "bounce": "messages to it bounced",
    "complaint": "its owner complained",
    "manual": "by an operator",
    "import": "by an import",
}


class _Why(NamedTuple):
    """What a decision is based on, and for whom it is told."""

    detail: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo

    @property
    def message(self) -> str:
        channel = self.detail.get("channel")
        return "the message" if channel is None else f"the {_channel(channel)} message"

    @property
    def address(self) -> str:
        return "the e-mail address" if self.detail.get("channel") == "email" else "the phone number"

    @property
    def said(self) -> str:
        """What the provider said, where it said anything."""
        said = " ".join(str(self.detail[name]) for name in ("code", "detail") if self.detail.get(name))
        return f" ({said})" if said else ""

    def at(self, name: str) -> str:
        moment = self.detail.get(name)
        return "a moment unknown" if moment is None else local(datetime.fromisoformat(moment), self.zone)

    def ago(self, name: str) -> str:
        """How long ago, or when if that is still to come."""
        moment = self.detail.get(name)
        return "" if moment is None else f" {_ago(datetime.fromisoformat(moment), self.now, self.zone)}"


def explain(
    kind: str,
    reason: str,
    detail: Mapping[str, Any],
    *,
    until: datetime | None = None,
    now: datetime,
    zone: ZoneInfo,
) -> str:
    """A decision of one of distributor.models.decision.DecisionKind, such as
    “skipped: contacted 3 days ago, the rule is 30 days”.

    “Ago” counts from `now`: for a decision that is read back, when it was decided. Times are shown in `zone`, or in
    the zone that the decision went by.
    """
    why = _why(detail, now, zone)
    phrase = PHRASES.get(reason)
    return f"{_opening(kind, until, why.zone)}: {phrase(why) if phrase else reason.replace('_', ' ')}"


def explain_step(step: ForecastMessage, kind: str, channel: str, *, now: datetime, zone: ZoneInfo) -> str:
    """A message that will leave, such as “by SMS at 2026-03-02 08:00 (Europe/Warsaw): quiet hours”.

    `kind` is a StepKind.
    """
    departure = step.departure
    why = _why(departure.detail, now, zone)
    moment = "at once" if departure.at <= now else f"at {local(departure.at, why.zone)}"
    because = "" if departure.delay is Delay.NONE else f": {PHRASES[departure.delay](why)}"
    if kind == StepKind.REMINDER:
        return f"reminder by {_channel(channel)} {moment}, unless there is an answer{because}"
    condition = {
        Condition.FIRST: "",
        Condition.UNANSWERED: ", if the message before stays unanswered, and at once if it fails",
        Condition.ON_FAILURE: ", only if the message before fails",
    }[step.condition]
    return f"by {_channel(channel)} {moment}{condition}{because}"


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Such as 2026-03-02 08:00 (Europe/Warsaw), with seconds where there are any."""
    try:
        shown, name = moment.astimezone(zone), zone.key
    except OverflowError:  # the calendar's ends, in a zone where they lie beyond
        shown, name = moment.astimezone(UTC), "UTC"
    return f"{shown.replace(tzinfo=None).isoformat(' ', 'seconds').removesuffix(':00')} ({name})"


def _opening(kind: str, until: datetime | None, zone: ZoneInfo) -> str:
    if kind == "deferred" and until is not None:
        return f"deferred until {local(until, zone)}"
    return "rerouted to the next channel" if kind == "rerouted" else kind


def _why(detail: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> _Why:
    return _Why(detail, now, zone_named(detail.get("zone", ""), zone.key))


def _ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    gone = now - moment
    if gone < timedelta(0):
        return f"at {local(moment, zone)}"
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        count = gone // length
        if count:
            return f"{_counted(count, unit)} ago"
    return "less than a minute ago"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count:,} {unit}s"


def _channel(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def _opted_out(why: _Why) -> str:
    match why.detail.get("suppression"):
        case "unsubscribe":
            return f"{why.address} was unsubscribed"
        case "stop":
            return f"{why.address} answered STOP"
    return f"the contact opted out{why.ago('since')}"


def _suppressed(why: _Why) -> str:
    because = _SUPPRESSED.get(why.detail.get("suppression", ""))
    return f"{why.address} is suppressed{f', {because}' if because else ''}"


def _no_address(why: _Why) -> str:
    if "channel" not in why.detail:
        return "no address"
    return "no e-mail address" if why.detail["channel"] == "email" else f"no {_channel(why.detail['channel'])} number"


def _frequency_rule(why: _Why) -> str:
    return f"contacted{why.ago('lastContactedAt')}, the rule is {_counted(why.detail.get('days', 0), 'day')}"


def _recently_contacted(why: _Why) -> str:
    days = _counted(why.detail.get("days", 0), "day")
    return f"contacted{why.ago('lastContactedAt')}, the call leaves out who was contacted within {days}"


def _throttled(why: _Why) -> str:
    """By the survey's interval, or by the provider that was asked to send it."""
    if "lastSentAt" not in why.detail:
        return f"the provider asked for a slower pace{why.said}"
    return f"the survey was sent{why.ago('lastSentAt')} and may be sent again at {why.at('until')}"


def _expired(why: _Why) -> str:
    return f"it could leave at {why.at('earliestAt')}, and the links expire at {why.at('expiresAt')}"


def _too_late(why: _Why) -> str:
    return f"it could leave at {why.at('earliestAt')}, and was to leave by {why.at('notAfter')}"


def _cancelled(why: _Why) -> str:
    return f"the distribution was cancelled{why.ago('cancelledAt')}"


# By reason. Providers' words are added where they said any.
PHRASES: Final[Mapping[str, Callable[[_Why], str]]] = {
    Reason.OPTED_OUT: _opted_out,
    Reason.SUPPRESSED: _suppressed,
    Reason.NO_ADDRESS: _no_address,
    Reason.FREQUENCY_RULE: _frequency_rule,
    Reason.RECENTLY_CONTACTED: _recently_contacted,
    Reason.THROTTLED: _throttled,
    Reason.EXPIRED: _expired,
    Reason.TOO_LATE: _too_late,
    Reason.CANCELLED: _cancelled,
    Delay.SCHEDULED: lambda why: "scheduled",
    Delay.QUIET_HOURS: lambda why: "quiet hours",
    StopReason.RESPONDED: lambda why: "the contact responded",
    StopReason.OPENED: lambda why: "the message, or its link, was opened",
    StopReason.DELIVERED: lambda why: "a message was delivered",
    StopReason.ERASED: lambda why: "the contact was erased",
    "transient_failure": lambda why: f"the provider could not take {why.message} for the moment{why.said}",
    "attempts_exhausted": lambda why: f"the provider could not take {why.message} in all the tries there are{why.said}",
    "provider_account_fault": lambda why: f"the provider refused the account or its sender{why.said}",
    "awaiting_evidence": lambda why: "the provider's answer was lost, and it may yet tell what became of the message",
    "unknown_outcome": lambda why: f"the provider's answer was lost{why.said}",
    "refused": lambda why: f"the provider refused {why.message}{why.said}",
    "undelivered": lambda why: f"{why.message} could not be delivered",
    "bounced": lambda why: f"{why.message} bounced",
    "dropped": lambda why: f"the provider dropped {why.message}",
    "processing_failed": lambda why: f"our own code failed on it ({why.detail.get('error', 'no more is known')})",
}
