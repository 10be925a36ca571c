"""Explain in one sentence why something was or was not sent. Every reason that the engine writes has a phrase.

The sentences are public: operators and API callers read them. They are never parsed. API callers get English; the
control room passes the operator's `language`, such as “pl”. A language without sentences of its own gets the English.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from distributor.rules.journey.forecast import ForecastMessage
from distributor.rules.phrases.context import Language, context_of, local
from distributor.rules.phrases.english import ENGLISH
from distributor.rules.phrases.holds import HoldCause, HoldFacts, hold_sentence
from distributor.rules.phrases.labels import LABELS
from distributor.rules.phrases.polish import POLISH
from distributor.rules.timing.departure import Delay

LANGUAGES: Final[Mapping[str, Language]] = {"en": ENGLISH, "pl": POLISH}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)  # without facts there are no times


def explain(
    kind: str,
    reason: str,
    detail: Mapping[str, Any],
    *,
    until: datetime | None = None,
    now: datetime,
    zone: ZoneInfo,
    language: str = "en",
) -> str:
    """Return a decision as a sentence, such as “skipped: the contact opted out 3 days ago”.

    `kind` is a distributor.models.decision.DecisionKind. “Ago” counts back from `now`; for a stored decision, pass the
    time of the decision. Times are shown in `zone`, or in the zone that the decision's detail names.
    """
    deferred_until = None if until is None else local(until, context_of(detail, now, zone).zone)
    opening = _language(language).opening(kind, deferred_until)
    return f"{opening}: {explain_reason(reason, detail, now=now, zone=zone, language=language)}"


def explain_reason(
    reason: str, detail: Mapping[str, Any], *, now: datetime, zone: ZoneInfo, language: str = "en"
) -> str:
    """Return a reason alone as a clause, such as “the provider rejected the e-mail message”."""
    phrase = _language(language).reasons.get(reason)
    return phrase(context_of(detail, now, zone)) if phrase else reason.replace("_", " ")


def label_reason(reason: str, *, language: str = "en") -> str:
    """Return a reason in a few words that need no facts, such as “contacted too recently for the frequency rule”."""
    label = LABELS[_code(language)].get(reason)
    return label or explain_reason(reason, {}, now=_NEVER, zone=ZoneInfo("UTC"), language=language)


def explain_step(
    step: ForecastMessage, kind: str, channel: str, *, now: datetime, zone: ZoneInfo, language: str = "en"
) -> str:
    """Return a forecast message as a sentence, such as “by SMS at 2026-03-02 08:00 (Europe/Warsaw): quiet hours”.

    `kind` is a StepKind.
    """
    departure, words = step.departure, _language(language)
    context = context_of(departure.detail, now, zone)
    leaves_at = None if departure.at <= now else local(departure.at, context.zone)
    cause = "" if departure.delay is Delay.NONE else words.reasons[departure.delay](context)
    return words.step(step, kind, channel, leaves_at, cause)


def explain_missing_value(
    placeholder: str, channel: str, recipient_count: int, *, is_sent: bool, language: str = "en"
) -> str:
    """Return a gap in forecast messages as a sentence. `is_sent`: the template lets messages with gaps leave."""
    return _language(language).missing_value(placeholder, channel, recipient_count, is_sent)


def explain_route(route: Mapping[str, Any], *, language: str = "en") -> str:
    """Return why a message left by its account, as a sentence. `route` is stored with the attempt.

    For example “by Mailgun EU, share 97 % instead of 50 %: 98 % of 840 to gmail.com were delivered in time, by SES 71 %
    of 300”.
    """
    return _language(language).route(route)


def name_step(kind: str, channel: str, *, language: str = "en") -> str:
    """Return the channel, with the StepKind unless it is an invitation: “email”, “sms reminder”."""
    return _language(language).step_name(kind, channel)


def explain_machine_visits(count: int, sign: str, *, language: str = "en") -> str:
    """Return how often machines opened a link, such as “3 visits, the last recognised by prefetch”."""
    return _language(language).machine_visits(count, sign)


def explain_hold(cause: HoldCause, facts: HoldFacts, *, language: str = "en") -> str:
    """Return why an account takes no message now, such as “Mailgun EU has reached its daily limit”."""
    return hold_sentence(cause, facts, _code(language))


def _language(tag: str) -> Language:
    return LANGUAGES[_code(tag)]


def _code(tag: str) -> str:
    """Return the language that has sentences for a tag such as “pl” or “pl-PL”."""
    code = tag.partition("-")[0].lower()
    return code if code in LANGUAGES else "en"
