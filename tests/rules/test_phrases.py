import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import Scope
from distributor.rules.eligibility import Reason
from distributor.rules.journey.delivery_events import Trouble
from distributor.rules.journey.retry import Retry, after_attempt
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.phrases import LANGUAGES, explain, label_reason
from distributor.rules.phrases.context import local
from distributor.rules.timing.departure import Delay
from distributor.rules.timing.time_zones import LAST_MOMENT

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
KINDS = ("skipped", "deferred", "rerouted", "stopped")


def stamp(**moments: datetime) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in moments.items()}


def retry_reasons() -> set[str]:
    """Return the reasons of every retry that may follow an attempt."""
    verdicts = [
        after_attempt(
            outcome,
            scope=scope,
            number=1,
            first_at=NOW,
            begun_at=NOW,
            unknown_before=0,
            channel="email",
            evidence_window=window,
            repeat_until=repeat_until,
            now=NOW,
            jitter=0.5,
        )
        for outcome in ("accepted", "throttled", "permanent", "unknown", "transient")
        for scope in Scope
        for window in (timedelta(0), timedelta(minutes=15))
        for repeat_until in (None, NOW + timedelta(days=1))
    ]
    return {verdict.reason for verdict in verdicts if isinstance(verdict, Retry)}


def reasons_known_to_the_rules() -> set[str]:
    failures = {trouble.name.lower() for trouble in Trouble if trouble.is_failure}
    return {*Reason, *StopReason, *filter(None, Delay), *retry_reasons(), *failures}


@pytest.mark.parametrize(
    ("kind", "reason", "detail", "sentence"),
    [
        ("skipped", "opted_out", stamp(since=NOW - 3 * A_DAY), "skipped: the contact opted out 3 days ago"),
        ("stopped", "opted_out", {}, "stopped: the contact opted out"),
        (
            "skipped",
            "opted_out",
            {"channel": "email", "suppression": "unsubscribe"},
            "skipped: the e-mail address was unsubscribed",
        ),
        (
            "stopped",
            "opted_out",
            {"channel": "sms", "suppression": "stop"},
            "stopped: the phone number replied STOP",
        ),
        (
            "rerouted",
            "suppressed",
            {"channel": "email", "suppression": "bounce"},
            "rerouted to the next channel: the e-mail address is suppressed (messages to it bounced)",
        ),
        (
            "skipped",
            "number_not_allowed",
            {"channel": "sms", "numberKind": "premium_rate"},
            ("skipped: the phone number is a premium-rate number, and the organisation does not send to such numbers"),
        ),
        (
            "rerouted",
            "number_not_allowed",
            {"channel": "sms", "country": "JM"},
            ("rerouted to the next channel: the phone number is in JM, and the organisation does not send there"),
        ),
        (
            "skipped",
            "number_not_allowed",
            {"channel": "whatsapp", "country": ""},
            "skipped: the phone number is in no country, and the organisation does not send there",
        ),
        ("skipped", "no_address", {"channel": "whatsapp"}, "skipped: the contact has no WhatsApp number"),
        ("skipped", "no_address", {"channel": "email"}, "skipped: the contact has no e-mail address"),
        (
            "skipped",
            "frequency_rule",
            {**stamp(lastContactedAt=NOW - 3 * A_DAY), "days": 30},
            "skipped: contacted 3 days ago; the frequency rule requires 30 days between sends",
        ),
        (
            "skipped",
            "recently_contacted",
            {**stamp(lastContactedAt=NOW - timedelta(minutes=61)), "days": 1},
            "skipped: contacted 1 hour ago; this send excludes contacts reached within 1 day",
        ),
        (
            "skipped",
            "throttled",
            stamp(lastSentAt=NOW - timedelta(seconds=5), until=NOW + A_DAY),
            ("skipped: this survey was last sent less than a minute ago and may be sent again from "
            "2026-03-02 13:00 (Europe/Warsaw)"),
        ),
        (
            "skipped",
            "throttled",
            stamp(lastSentAt=NOW + A_DAY, until=NOW + 2 * A_DAY),
            ("skipped: this survey was last sent at 2026-03-02 13:00 (Europe/Warsaw) and may be sent again from "
            "2026-03-03 13:00 (Europe/Warsaw)"),
        ),
        (
            "skipped",
            "too_late",
            stamp(notAfter=NOW, earliestAt=NOW + A_DAY),
            ("skipped: the earliest time to send is 2026-03-02 13:00 (Europe/Warsaw), after the deadline of "
            "2026-03-01 13:00 (Europe/Warsaw)"),
        ),
        (
            "stopped",
            "expired",
            stamp(expiresAt=NOW, earliestAt=NOW),
            ("stopped: the earliest time to send is 2026-03-01 13:00 (Europe/Warsaw), but the link expires at "
            "2026-03-01 13:00 (Europe/Warsaw)"),
        ),
        (
            "stopped",
            "cancelled",
            stamp(cancelledAt=NOW - timedelta(minutes=2)),
            "stopped: the distribution was cancelled 2 minutes ago",
        ),
        ("stopped", "responded", {}, "stopped: the contact responded"),
        ("stopped", "erased", {}, "stopped: the contact was erased"),
        (
            "rerouted",
            "refused",
            {"channel": "email", "code": "550", "detail": "no such user"},
            "rerouted to the next channel: the provider rejected the e-mail message (550 no such user)",
        ),
        (
            "rerouted",
            "bounced",
            {"channel": "email", "attempt": 1},
            "rerouted to the next channel: the e-mail message bounced",
        ),
        (
            "stopped",
            "processing_failed",
            {"error": "KeyError('x')"},
            "stopped: an internal error occurred (KeyError('x'))",
        ),
    ],
)  # fmt: skip
def test_a_decision_reads_as_a_sentence(kind: str, reason: str, detail: dict[str, Any], sentence: str) -> None:
    assert explain(kind, reason, detail, now=NOW, zone=WARSAW) == sentence


@pytest.mark.parametrize(
    ("reason", "detail", "sentence"),
    [
        (
            "quiet_hours",
            {"zone": "Asia/Kathmandu"},
            "deferred until 2026-03-02 12:45 (Asia/Kathmandu): quiet hours",
        ),
        (
            "throttled",
            {"channel": "sms", "code": "429", "detail": ""},
            "deferred until 2026-03-02 08:00 (Europe/Warsaw): the provider is limiting the sending rate (429)",
        ),
        (
            "transient_failure",
            {"channel": "sms", "code": "", "detail": "busy"},
            ("deferred until 2026-03-02 08:00 (Europe/Warsaw): "
             "the provider could not accept the SMS message at this time (busy)"),
        ),
        (
            "sender_refused",
            {"channel": "email", "account": "Relay", "since": "2026-03-01T09:31:00+00:00", "code": "550"},
            ("deferred until 2026-03-02 08:00 (Europe/Warsaw): the e-mail account “Relay” has refused the sender since "
             "2026-03-01 10:31 (Europe/Warsaw); the message waits until it is accepted (550)"),
        ),
    ],
)  # fmt: skip
def test_a_deferral_says_until_when(reason: str, detail: dict[str, Any], sentence: str) -> None:
    until = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    assert explain("deferred", reason, detail, until=until, now=NOW, zone=WARSAW) == sentence


def test_an_outage_says_which_account_and_since_when() -> None:
    detail = {"channel": "email", "account": "Relay", "since": "2026-03-01T09:31:00+00:00", "detail": "refused"}
    assert explain("deferred", "account_unavailable", detail, now=NOW, zone=WARSAW) == (
        "deferred: the e-mail account “Relay” has not worked since 2026-03-01 10:31 (Europe/Warsaw); "
        "the message waits for it (refused)"
    )


def test_every_reason_has_a_phrase_of_its_own() -> None:
    for language in LANGUAGES.values():
        assert reasons_known_to_the_rules() <= language.reasons.keys()


@given(
    st.sampled_from(KINDS),
    st.sampled_from(sorted(LANGUAGES["en"].reasons)),
    st.dictionaries(
        st.sampled_from(
            ["since", "lastContactedAt", "lastSentAt", "until", "notAfter", "expiresAt", "earliestAt", "cancelledAt"]
        ),
        st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "channel": st.sampled_from(["email", "sms", "whatsapp"]),
            "suppression": st.sampled_from(["unsubscribe", "stop", "bounce", "complaint", "manual", "import"]),
            "zone": st.sampled_from(["Pacific/Kiritimati", "", "gone/since"]),
            "days": st.integers(0, 365),
            "code": st.text(max_size=5),
            "detail": st.text(max_size=5),
        },
    ),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
)
def test_every_detail_makes_a_sentence(
    kind: str, reason: str, moments: dict[str, str], facts: dict[str, Any], until: datetime | None, now: datetime
) -> None:
    sentence = explain(kind, reason, {**moments, **facts}, until=until, now=now, zone=WARSAW)
    opening, _, explanation = sentence.partition(": ")
    assert opening.startswith(kind)
    assert explanation


def test_an_unknown_reason_is_shown_as_words() -> None:
    assert explain("stopped", "of_an_old_version", {}, now=NOW, zone=WARSAW) == "stopped: of an old version"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 7, 1, 6, 0, tzinfo=UTC), "2026-07-01 08:00 (Europe/Warsaw)"),
        (datetime(2026, 7, 1, 6, 0, 7, 250_000, tzinfo=UTC), "2026-07-01 08:00:07 (Europe/Warsaw)"),
        (LAST_MOMENT, "9999-12-31 23:59:59 (UTC)"),
    ],
)
def test_times_are_shown_in_the_zone(moment: datetime, shown: str) -> None:
    assert local(moment, WARSAW) == shown


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("reason", sorted(LANGUAGES["en"].reasons))
def test_a_label_claims_no_fact_that_it_does_not_know(reason: str, language: str) -> None:
    label = label_reason(reason, language=language)
    assert label
    assert not re.search(r"\d|unknown time|“|„|in no country|żadnego kraju|phone number|numer telefonu|\(", label)
    assert "nieznanej pory" not in label
    assert "nieznanej porze" not in label


def test_a_label_is_in_the_language_of_the_reader() -> None:
    assert label_reason("frequency_rule") == "contacted too recently for the frequency rule"
    assert label_reason("number_not_allowed", language="pl-PL") == "organizacja nie wysyła na ten numer"
    assert label_reason("bounced", language="en") == "the message bounced"
