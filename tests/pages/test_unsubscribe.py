from typing import Any

import pytest

from contacts.channel import Channel
from contacts.models import Suppression
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.models import Decision
from tests.support.journeys import AN_HOUR, NOW, counts_of, make_contact, make_journey, make_sent_journey, make_survey

pytestmark = pytest.mark.django_db


def suppressions() -> set[tuple[str, str]]:
    return set(Suppression.objects.values_list("channel", "address"))


def test_the_contact_is_opted_out_and_the_address_is_suppressed_in_lower_case() -> None:
    recipient = make_sent_journey()
    assert unsubscribe(recipient.code, "unsubscribe page", NOW)
    recipient.contact.refresh_from_db()
    assert recipient.contact.opted_out_at == NOW
    suppression = Suppression.objects.get(channel="email")
    assert suppression.organization == recipient.distribution.organization
    assert suppression.address == recipient.contact.email.lower() != recipient.contact.email
    assert (suppression.reason, suppression.source) == ("unsubscribe", "unsubscribe page")


@pytest.mark.parametrize("channel", list(Channel))
def test_every_address_is_suppressed_whichever_was_written_to(channel: Channel) -> None:
    recipient = make_sent_journey(channel=channel)
    unsubscribe(recipient.code, "one-click", NOW)
    assert suppressions() == {("email", recipient.contact.email.lower())} | {
        ("sms", recipient.contact.phone),
        ("whatsapp", recipient.contact.phone),
    }


def test_a_contact_without_an_address_on_the_channel_is_opted_out_too() -> None:
    survey = make_survey()
    contact = make_contact(survey.organization, phone="")
    recipient = make_sent_journey(survey, contact, channel=Channel.SMS)
    assert unsubscribe(recipient.code, "unsubscribe page", NOW)
    contact.refresh_from_db()
    assert contact.opted_out_at == NOW
    assert suppressions() == {("email", contact.email.lower())}


def test_all_active_journeys_of_the_contact_stop_and_no_others() -> None:
    survey = make_survey()
    contact = make_contact(survey.organization)
    finished = make_sent_journey(survey, contact)
    unsent = make_journey(survey, contact)
    waits_for_fallback = make_journey(make_survey(survey.organization), contact, first_sent_at=NOW - AN_HOUR)
    somebody_else = make_journey(survey)
    unsubscribe(finished.code, "unsubscribe page", NOW)
    for journey in (finished, unsent, waits_for_fallback, somebody_else):
        journey.refresh_from_db()
    assert (finished.state, finished.outcome, finished.reason) == ("finished", "sent", "")
    assert (unsent.state, unsent.outcome, unsent.reason) == ("stopped", "", "opted_out")
    assert (waits_for_fallback.state, waits_for_fallback.outcome) == ("finished", "sent")
    assert somebody_else.state == "waiting"
    assert counts_of(finished) == {"sent": 1}
    assert counts_of(unsent) == {"stopped": 1}
    assert counts_of(waits_for_fallback) == {"sent": 1}
    assert counts_of(somebody_else) == {}
    decided = Decision.objects.values_list("recipient_id", "kind", "reason", "decided_at")
    assert set(decided) == {(journey.pk, "stopped", "opted_out", NOW) for journey in (unsent, waits_for_fallback)}


@pytest.mark.parametrize(
    "fields",
    [
        {"responded_at": NOW - AN_HOUR},
        {"expires_at": NOW - AN_HOUR},
        {"state": "stopped", "reason": "cancelled", "counts": {"stopped_count": 1}},
    ],
)
def test_it_works_for_a_link_that_is_used_expired_or_cancelled(fields: dict[str, Any]) -> None:
    recipient = make_journey(**fields)
    assert unsubscribe(recipient.code, "unsubscribe page", NOW)
    recipient.contact.refresh_from_db()
    assert recipient.contact.opted_out_at == NOW


def test_unsubscribing_again_changes_nothing() -> None:
    recipient = make_journey()
    assert unsubscribe(recipient.code, "one-click", NOW)
    assert unsubscribe(recipient.code, "unsubscribe page", NOW + AN_HOUR)
    recipient.contact.refresh_from_db()
    assert recipient.contact.opted_out_at == NOW
    assert set(Suppression.objects.values_list("source", flat=True)) == {"one-click"}
    assert Decision.objects.count() == 1
    assert counts_of(recipient) == {"stopped": 1}


def test_an_address_that_was_suppressed_before_keeps_that_reason_beside_the_new_one() -> None:
    recipient = make_sent_journey()
    address = recipient.contact.email.lower()
    Suppression.objects.create(
        organization=recipient.distribution.organization, channel="email", address=address, reason="bounce"
    )
    assert unsubscribe(recipient.code, "unsubscribe page", NOW)
    reasons = Suppression.objects.filter(channel="email").values_list("reason", flat=True)
    assert sorted(reasons) == ["bounce", "unsubscribe"]
    recipient.contact.refresh_from_db()
    assert recipient.contact.opted_out_at == NOW


@pytest.mark.parametrize("code", ["", "abcdefghijkl", "abc", "\0" * 12])
def test_an_unknown_code_opts_nobody_out(code: str) -> None:
    recipient = make_journey()
    assert not unsubscribe(code, "unsubscribe page", NOW)
    recipient.contact.refresh_from_db()
    assert recipient.contact.opted_out_at is None
    assert not suppressions()
