"""The sentences in English, which API callers read too."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from distributor.rules.consent import Signal
from distributor.rules.eligibility import Reason
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.phrases.context import Context, Language, largest_unit, local
from distributor.rules.timing.departure import Delay

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


def _opening(kind: str, until: str | None) -> str:
    if kind == "deferred" and until is not None:
        return f"deferred until {until}"
    return _OPENINGS.get(kind, kind)


def _step(message: ForecastMessage, kind: str, channel: str, leaves_at: str | None, cause: str) -> str:
    moment = "immediately" if leaves_at is None else f"at {leaves_at}"
    cause = f": {cause}" if cause else ""
    if kind == StepKind.REMINDER:
        return f"reminder by {_channel_name(channel)} {moment}, unless the contact responds first{cause}"
    condition = {
        Condition.FIRST: "",
        Condition.UNANSWERED: ", if there is no response to the previous message, or as soon as that message fails",
        Condition.ON_FAILURE: ", only if the previous message fails",
    }[message.condition]
    return f"by {_channel_name(channel)} {moment}{condition}{cause}"


def _missing_value(placeholder: str, channel: str, recipient_count: int, is_sent: bool) -> str:
    recipients = _counted(recipient_count, "recipient")
    effect = "would be sent with a gap" if is_sent else "would not be sent"
    return f"{placeholder} has no value for {recipients}: their {_channel_name(channel)} messages {effect}"


def _route(route: Mapping[str, Any]) -> str:
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


def _step_name(kind: str, channel: str) -> str:
    return channel if kind == StepKind.INVITATION else f"{channel} {kind.replace('_', '-')}"


def _machine_visits(count: int, sign: str) -> str:
    number = "1 visit" if count == 1 else f"{count} visits, the last"
    return f"{number} recognised by {sign}"


def _message(context: Context) -> str:
    channel = context.detail.get("channel")
    return "the message" if channel is None else f"the {_channel_name(channel)} message"


def _address(context: Context) -> str:
    return "the e-mail address" if context.detail.get("channel") == "email" else "the phone number"


def _by_channel(context: Context) -> str:
    return f" by {_channel_name(context.detail['channel'])}" if "channel" in context.detail else ""


def _account(context: Context) -> str:
    channel = _channel_name(context.detail.get("channel", ""))
    return f"the {channel} account “{context.detail.get('account', 'unknown')}”".replace("  ", " ")


def _at(context: Context, name: str) -> str:
    return context.at(name, "an unknown time")


def _ago(context: Context, name: str) -> str:
    """How long ago a time was, or the time itself if it is still to come."""
    moment = context.moment(name)
    if moment is None:
        return ""
    if moment > context.now:
        return f" at {local(moment, context.zone)}"
    count, unit = largest_unit(context.now - moment)
    return f" {_counted(count, unit)} ago" if count else " less than a minute ago"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count:,} {unit}s"


def _channel_name(channel: str) -> str:
    return _CHANNELS.get(channel, channel)


def _opted_out(context: Context) -> str:
    signal = context.detail.get("signal", "")
    if signal in _SIGNALS:
        return f"{_SIGNALS[signal]}{_by_channel(context) if signal == Signal.STOP else ''}"
    match context.detail.get("suppression"):
        case "unsubscribe":
            return f"{_address(context)} was unsubscribed"
        case "stop":
            return f"{_address(context)} replied STOP"
    return f"the contact opted out{_ago(context, 'since')}"


def _suppressed(context: Context) -> str:
    cause = _SUPPRESSION_CAUSES.get(context.detail.get("suppression", ""))
    return f"{_address(context)} is suppressed{f' ({cause})' if cause else ''}"


def _number_not_allowed(context: Context) -> str:
    if kind := context.detail.get("numberKind"):
        name = _NUMBER_KINDS.get(kind, kind)
        return f"the phone number is {name} number, and the organisation does not send to such numbers"
    country = context.detail.get("country")
    where = f"in {country}" if country else "in no country"
    return f"the phone number is {where}, and the organisation does not send there"


def _no_address(context: Context) -> str:
    match context.detail.get("channel"):
        case None:
            return "the contact has no address"
        case "email":
            return "the contact has no e-mail address"
        case channel:
            return f"the contact has no {_channel_name(channel)} number"


def _frequency_rule(context: Context) -> str:
    days = _counted(context.detail.get("days", 0), "day")
    return f"contacted{_ago(context, 'lastContactedAt')}; the frequency rule requires {days} between sends"


def _recently_contacted(context: Context) -> str:
    days = _counted(context.detail.get("days", 0), "day")
    return f"contacted{_ago(context, 'lastContactedAt')}; this send excludes contacts reached within {days}"


def _throttled(context: Context) -> str:
    """By the survey's throttle, or by the provider."""
    if "lastSentAt" not in context.detail:
        return f"the provider is limiting the sending rate{context.provider_error}"
    return f"this survey was last sent{_ago(context, 'lastSentAt')} and may be sent again from {_at(context, 'until')}"


def _expired(context: Context) -> str:
    earliest_at, expires_at = _at(context, "earliestAt"), _at(context, "expiresAt")
    return f"the earliest time to send is {earliest_at}, but the link expires at {expires_at}"


def _too_late(context: Context) -> str:
    earliest_at, not_after = _at(context, "earliestAt"), _at(context, "notAfter")
    return f"the earliest time to send is {earliest_at}, after the deadline of {not_after}"


def _cancelled(context: Context) -> str:
    return f"the distribution was cancelled{_ago(context, 'cancelledAt')}"


# By reason. Where the provider gave a code or a detail, the phrase quotes them.
_REASONS: Final[Mapping[str, Callable[[Context], str]]] = {
    Reason.OPTED_OUT: _opted_out,
    Reason.SUPPRESSED: _suppressed,
    Reason.NUMBER_NOT_ALLOWED: _number_not_allowed,
    Reason.NOT_IN_TEAM: lambda context: f"{_address(context)} is not in the team, and a team key sends to nobody else",
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
        f"the provider could not accept {_message(context)} at this time{context.provider_error}"
    ),
    "attempts_exhausted": lambda context: (
        f"the provider did not accept {_message(context)} in any of the allowed attempts{context.provider_error}"
    ),
    "account_unavailable": lambda context: (
        f"{_account(context)} has not worked since {_at(context, 'since')}; the message waits for it"
        f"{context.provider_error}"
    ),
    "sender_refused": lambda context: (
        f"{_account(context)} has refused the sender since {_at(context, 'since')}; "
        f"the message waits until it is accepted{context.provider_error}"
    ),
    "provider_account_fault": lambda context: (
        f"the provider rejected the account or its sender{context.provider_error}"
    ),
    "asking_again": lambda context: "the provider's response was lost; the same attempt is repeated, and counts once",
    "awaiting_evidence": lambda context: "the provider's response was lost; waiting for its report on the message",
    "unknown_outcome": lambda context: (
        f"the provider's response was lost, so the outcome is unknown{context.provider_error}"
    ),
    "refused": lambda context: f"the provider rejected {_message(context)}{context.provider_error}",
    "undelivered": lambda context: f"{_message(context)} could not be delivered",
    "bounced": lambda context: f"{_message(context)} bounced",
    "dropped": lambda context: f"the provider dropped {_message(context)}",
    "processing_failed": lambda context: f"an internal error occurred ({context.detail.get('error', 'no details')})",
}

ENGLISH: Final = Language(_REASONS, _opening, _step, _missing_value, _route, _step_name, _machine_visits)
