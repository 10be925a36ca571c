"""Explain in one English sentence why something was or was not sent. Every reason that the engine writes has a phrase.

The sentences are public: operators and API callers read them. They are never parsed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from distributor.rules.consent import Signal
from distributor.rules.eligibility import Reason
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.timing.departure import Delay
from distributor.rules.timing.time_zones import zone_named

_CHANNELS: Final = {"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp"}
_OPENINGS: Final = {"rerouted": "rerouted to the next channel", "retried": "sending again on request, because before"}
_SUPPRESSION_CAUSES: Final = {
    "bounce": "messages to it bounced",
    "complaint": "its owner reported spam",
    "manual": "added by an operator",
    "import": "added by an import",
}
# By SpecialKind of contacts/number_rules.py.
_NUMBER_KINDS: Final = {
    "premium_rate": "a premium-rate",
    "shared_cost": "a shared-cost",
    "satellite": "a satellite",
    "pager": "a pager",
    "uan": "a universal access",
    "personal": "a personal",
}
_SIGNALS: Final[Mapping[str, str]] = {
    Signal.STOP: "the person replied STOP",
    Signal.COMPLAINT: "the person reported a message as spam",
    Signal.PROVIDER_UNSUBSCRIBE: "the person unsubscribed at the e-mail provider",
    Signal.PAGE_UNSUBSCRIBE: "the person unsubscribed by the link in a message",
    Signal.REPORTED_OPT_OUT: "an opt-out was reported for the contact",
}


class _Context(NamedTuple):
    """The facts behind a reason, and the time and zone to show them in."""

    detail: Mapping[str, Any]
    now: datetime
    zone: ZoneInfo

    @property
    def message(self) -> str:
        channel = self.detail.get("channel")
        return "the message" if channel is None else f"the {_channel_name(channel)} message"

    @property
    def address(self) -> str:
        return "the e-mail address" if self.detail.get("channel") == "email" else "the phone number"

    @property
    def by_channel(self) -> str:
        return f" by {_channel_name(self.detail['channel'])}" if "channel" in self.detail else ""

    @property
    def account(self) -> str:
        channel = _channel_name(self.detail.get("channel", ""))
        return f"the {channel} account “{self.detail.get('account', 'unknown')}”".replace("  ", " ")

    @property
    def provider_error(self) -> str:
        """The provider's code and detail in brackets, or "" if it gave neither."""
        error = " ".join(str(self.detail[name]) for name in ("code", "detail") if self.detail.get(name))
        return f" ({error})" if error else ""

    def at(self, name: str) -> str:
        moment = self.detail.get(name)
        return "an unknown time" if moment is None else local(datetime.fromisoformat(moment), self.zone)

    def ago(self, name: str) -> str:
        """How long ago a time was, or the time itself if it is still to come."""
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
    """Return a decision as a sentence, such as “skipped: the contact opted out 3 days ago”.

    `kind` is a distributor.models.decision.DecisionKind. “Ago” counts back from `now`; for a stored decision, pass the
    time of the decision. Times are shown in `zone`, or in the zone that the decision's detail names.
    """
    context = _context(detail, now, zone)
    phrase = PHRASES.get(reason)
    return f"{_opening(kind, until, context.zone)}: {phrase(context) if phrase else reason.replace('_', ' ')}"


def explain_step(step: ForecastMessage, kind: str, channel: str, *, now: datetime, zone: ZoneInfo) -> str:
    """Return a forecast message as a sentence, such as “by SMS at 2026-03-02 08:00 (Europe/Warsaw): quiet hours”.

    `kind` is a StepKind.
    """
    departure = step.departure
    context = _context(departure.detail, now, zone)
    moment = "immediately" if departure.at <= now else f"at {local(departure.at, context.zone)}"
    cause = "" if departure.delay is Delay.NONE else f": {PHRASES[departure.delay](context)}"
    if kind == StepKind.REMINDER:
        return f"reminder by {_channel_name(channel)} {moment}, unless the contact responds first{cause}"
    condition = {
        Condition.FIRST: "",
        Condition.UNANSWERED: ", if there is no response to the previous message, or as soon as that message fails",
        Condition.ON_FAILURE: ", only if the previous message fails",
    }[step.condition]
    return f"by {_channel_name(channel)} {moment}{condition}{cause}"


def explain_missing_value(placeholder: str, channel: str, recipient_count: int, *, is_sent: bool) -> str:
    """Return a gap in forecast messages as a sentence. `is_sent`: the template lets messages with gaps leave."""
    recipients = _counted(recipient_count, "recipient")
    effect = "would be sent with a gap" if is_sent else "would not be sent"
    return f"{placeholder} has no value for {recipients}: their {_channel_name(channel)} messages {effect}"


def explain_route(route: Mapping[str, Any]) -> str:
    """Return why a message left by its account, as a sentence. `route` is stored with the attempt.

    For example “by Mailgun EU, share 97 % instead of 50 %: 98 % of 840 to gmail.com were delivered in time, by SES 71 %
    of 300”.
    """
    done = {"delivered": "were delivered in time", "taken": "were accepted", "worked": "calls worked"}
    where = f" to {route['destination']}" if route["destination"] and route["measure"] != "worked" else ""
    other = route["other"]
    if route["measure"] == "seconds":
        compared = f"{route['seconds']} s per message, by {other['account']} {other['seconds']} s"
    else:
        compared = f"{_part(route)}{where} {done[route['measure']]}, by {other['account']} {_part(other)}"
    return f"by {route['account']}, share {route['share']} % instead of {route['weight']} %: {compared}"


def _part(numbers: Mapping[str, Any]) -> str:
    return "none" if numbers["percent"] is None else f"{numbers['percent']} % of {numbers['of']:,}"


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time such as 2026-03-02 08:00 (Europe/Warsaw), with seconds unless they are zero."""
    try:
        shown, name = moment.astimezone(zone), zone.key
    except OverflowError:  # at the calendar's ends, the zone's local time may lie beyond them
        shown, name = moment.astimezone(UTC), "UTC"
    return f"{shown.replace(tzinfo=None).isoformat(' ', 'seconds').removesuffix(':00')} ({name})"


def _opening(kind: str, until: datetime | None, zone: ZoneInfo) -> str:
    if kind == "deferred" and until is not None:
        return f"deferred until {local(until, zone)}"
    return _OPENINGS.get(kind, kind)


def _context(detail: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> _Context:
    return _Context(detail, now, zone_named(detail.get("zone", ""), zone.key))


def _ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    elapsed = now - moment
    if elapsed < timedelta(0):
        return f"at {local(moment, zone)}"
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        count = elapsed // length
        if count:
            return f"{_counted(count, unit)} ago"
    return "less than a minute ago"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count:,} {unit}s"


def _channel_name(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def _opted_out(context: _Context) -> str:
    signal = context.detail.get("signal", "")
    if signal in _SIGNALS:
        return f"{_SIGNALS[signal]}{context.by_channel if signal == Signal.STOP else ''}"
    match context.detail.get("suppression"):
        case "unsubscribe":
            return f"{context.address} was unsubscribed"
        case "stop":
            return f"{context.address} replied STOP"
    return f"the contact opted out{context.ago('since')}"


def _suppressed(context: _Context) -> str:
    cause = _SUPPRESSION_CAUSES.get(context.detail.get("suppression", ""))
    return f"{context.address} is suppressed{f' ({cause})' if cause else ''}"


def _number_not_allowed(context: _Context) -> str:
    if kind := context.detail.get("numberKind"):
        name = _NUMBER_KINDS.get(kind, kind)
        return f"the phone number is {name} number, and the organisation does not send to such numbers"
    country = context.detail.get("country")
    where = f"in {country}" if country else "in no country"
    return f"the phone number is {where}, and the organisation does not send there"


def _no_address(context: _Context) -> str:
    match context.detail.get("channel"):
        case None:
            return "the contact has no address"
        case "email":
            return "the contact has no e-mail address"
        case channel:
            return f"the contact has no {_channel_name(channel)} number"


def _frequency_rule(context: _Context) -> str:
    days = _counted(context.detail.get("days", 0), "day")
    return f"contacted{context.ago('lastContactedAt')}; the frequency rule requires {days} between sends"


def _recently_contacted(context: _Context) -> str:
    days = _counted(context.detail.get("days", 0), "day")
    return f"contacted{context.ago('lastContactedAt')}; this send excludes contacts reached within {days}"


def _throttled(context: _Context) -> str:
    """By the survey's throttle, or by the provider."""
    if "lastSentAt" not in context.detail:
        return f"the provider is limiting the sending rate{context.provider_error}"
    return f"this survey was last sent{context.ago('lastSentAt')} and may be sent again from {context.at('until')}"


def _expired(context: _Context) -> str:
    return f"the earliest time to send is {context.at('earliestAt')}, but the link expires at {context.at('expiresAt')}"


def _too_late(context: _Context) -> str:
    return f"the earliest time to send is {context.at('earliestAt')}, after the deadline of {context.at('notAfter')}"


def _cancelled(context: _Context) -> str:
    return f"the distribution was cancelled{context.ago('cancelledAt')}"


# By reason. Where the provider gave a code or a detail, the phrase quotes them.
PHRASES: Final[Mapping[str, Callable[[_Context], str]]] = {
    Reason.OPTED_OUT: _opted_out,
    Reason.SUPPRESSED: _suppressed,
    Reason.NUMBER_NOT_ALLOWED: _number_not_allowed,
    Reason.NOT_IN_TEAM: lambda context: f"{context.address} is not in the team, and a team key sends to nobody else",
    Reason.NO_ADDRESS: _no_address,
    Reason.FREQUENCY_RULE: _frequency_rule,
    Reason.RECENTLY_CONTACTED: _recently_contacted,
    Reason.THROTTLED: _throttled,
    Reason.EXPIRED: _expired,
    Reason.TOO_LATE: _too_late,
    Reason.CANCELLED: _cancelled,
    Delay.SCHEDULED: lambda context: "scheduled",
    Delay.QUIET_HOURS: lambda context: "quiet hours",
    StopReason.RESPONDED: lambda context: "the contact responded",
    StopReason.OPENED: lambda context: "a message or its link was opened",
    StopReason.DELIVERED: lambda context: "a message was delivered",
    StopReason.ERASED: lambda context: "the contact was erased",
    "transient_failure": lambda context: (
        f"the provider could not accept {context.message} at this time{context.provider_error}"
    ),
    "attempts_exhausted": lambda context: (
        f"the provider did not accept {context.message} in any of the allowed attempts{context.provider_error}"
    ),
    "account_unavailable": lambda context: (
        f"{context.account} has not worked since {context.at('since')}; the message waits for it"
        f"{context.provider_error}"
    ),
    "sender_refused": lambda context: (
        f"{context.account} has refused the sender since {context.at('since')}; the message waits until it is accepted"
        f"{context.provider_error}"
    ),
    "provider_account_fault": lambda context: (
        f"the provider rejected the account or its sender{context.provider_error}"
    ),
    "asking_again": lambda context: "the provider's response was lost; the same attempt is repeated, and counts once",
    "awaiting_evidence": lambda context: "the provider's response was lost; waiting for its report on the message",
    "unknown_outcome": lambda context: (
        f"the provider's response was lost, so the outcome is unknown{context.provider_error}"
    ),
    "refused": lambda context: f"the provider rejected {context.message}{context.provider_error}",
    "undelivered": lambda context: f"{context.message} could not be delivered",
    "bounced": lambda context: f"{context.message} bounced",
    "dropped": lambda context: f"the provider dropped {context.message}",
    "processing_failed": lambda context: f"an internal error occurred ({context.detail.get('error', 'no details')})",
}
