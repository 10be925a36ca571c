from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from distributor.engine.responses.links import find_link, record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Decision, Distribution, Recipient, Response
from distributor.rules.links import LinkState
from tests.support.journeys import (
    AN_HOUR,
    NOW,
    counts_of,
    make_contact,
    make_journey,
    make_organization,
    make_sent_journey,
    make_survey,
)

pytestmark = pytest.mark.django_db
ANSWERS = {"score": 9, "comment": "Zażółć", "nested": {"rooms": [1, 2.5, None, True]}}


def test_a_response_keeps_the_answers_and_the_attributes_of_that_time() -> None:
    survey = make_survey(default_locale="en")
    contact = make_contact(survey.organization, locale="pl", embedded_data={"ward": "B", "doctor": "Nowak"})
    recipient = make_sent_journey(survey, contact, attributes={"ward": "C"})
    stored = record_response(recipient.code, ANSWERS, NOW)
    contact.embedded_data = {"ward": "changed later"}
    contact.save()
    stored.refresh_from_db()
    assert stored.survey == survey
    assert stored.recipient == recipient
    assert stored.answers == ANSWERS
    assert stored.attributes == {"ward": "C", "doctor": "Nowak"}
    assert stored.locale == "pl"
    assert stored.submitted_at == NOW


def test_a_response_marks_the_recipient_and_counts_once() -> None:
    recipient = make_sent_journey()
    record_open(recipient, NOW - AN_HOUR)
    record_response(recipient.code, ANSWERS, NOW)
    recipient.refresh_from_db()
    assert (recipient.state, recipient.outcome) == ("finished", "sent")
    assert (recipient.first_opened_at, recipient.responded_at) == (NOW - AN_HOUR, NOW)
    assert counts_of(recipient) == {"sent": 1, "opened": 1, "responded": 1}
    assert not Decision.objects.exists()


def test_a_response_over_the_api_counts_as_an_opening() -> None:
    recipient = make_sent_journey()
    record_response(recipient.code, ANSWERS, NOW)
    recipient.refresh_from_db()
    assert recipient.first_opened_at == NOW
    assert counts_of(recipient) == {"sent": 1, "opened": 1, "responded": 1}


def test_an_answer_before_anything_was_sent_stops_the_journey() -> None:
    recipient = make_journey()
    record_response(recipient.code, ANSWERS, NOW)
    recipient.refresh_from_db()
    assert (recipient.state, recipient.outcome, recipient.reason) == ("stopped", "", "responded")
    assert counts_of(recipient) == {"stopped": 1, "opened": 1, "responded": 1}
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason, decision.decided_at) == ("stopped", "responded", NOW)
    assert (decision.recipient_id, decision.contact_id) == (recipient.pk, recipient.contact_id)
    assert decision.distribution_id == recipient.distribution_id


def test_an_answer_while_a_fallback_is_planned_ends_the_journey_as_sent() -> None:
    recipient = make_journey(first_sent_at=NOW - AN_HOUR, attempt_count=1)
    record_response(recipient.code, ANSWERS, NOW)
    recipient.refresh_from_db()
    assert (recipient.state, recipient.outcome, recipient.reason) == ("finished", "sent", "")
    assert counts_of(recipient) == {"sent": 1, "opened": 1, "responded": 1}
    assert Decision.objects.get().reason == "responded"


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "stopped", "reason": "opted_out", "counts": {"stopped_count": 1}},
        {"state": "stopped", "reason": "frequency_rule", "counts": {"stopped_count": 1}},
        {"state": "finished", "outcome": "failed", "counts": {"failed_count": 1}},
    ],
)
def test_recipients_who_were_never_reached_may_still_answer(fields: dict[str, Any]) -> None:
    recipient = make_journey(**fields)
    before = counts_of(recipient)
    record_response(recipient.code, ANSWERS, NOW)
    recipient.refresh_from_db()
    assert recipient.responded_at == NOW
    assert (recipient.state, recipient.reason) == (fields["state"], fields.get("reason", ""))
    assert counts_of(recipient) == {**before, "opened": 1, "responded": 1}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"responded_at": NOW - AN_HOUR}, LinkState.USED),
        ({"expires_at": NOW}, LinkState.EXPIRED),
        ({"state": "stopped", "reason": "cancelled", "counts": {"stopped_count": 1}}, LinkState.CANCELLED),
    ],
)
def test_a_link_that_is_not_open_takes_no_answer(fields: dict[str, Any], state: LinkState) -> None:
    recipient = make_journey(**fields)
    before = counts_of(recipient)
    with pytest.raises(LinkNotOpenError) as refusal:
        record_response(recipient.code, ANSWERS, NOW)
    assert refusal.value.state is state
    assert not Response.objects.exists()
    assert counts_of(recipient) == before


@pytest.mark.parametrize("code", ["", "abcdefghijkl", "abc", "\0" * 12, "a" * 500])
def test_an_unknown_code_takes_no_answer(code: str) -> None:
    make_journey()
    with pytest.raises(LinkNotOpenError) as refusal:
        record_response(code, ANSWERS, NOW)
    assert refusal.value.state is None


def test_another_organisations_link_takes_no_answer() -> None:
    recipient = make_journey()
    with pytest.raises(LinkNotOpenError) as refusal:
        record_response(recipient.code, ANSWERS, NOW, organization_id=make_organization().pk)
    assert refusal.value.state is None
    assert not Response.objects.exists()


def test_only_the_first_opening_is_noted_and_counted() -> None:
    recipient = make_sent_journey()
    assert record_open(recipient, NOW)
    assert not record_open(recipient, NOW + timedelta(minutes=1))
    recipient.refresh_from_db()
    assert recipient.first_opened_at == NOW
    assert counts_of(recipient) == {"sent": 1, "opened": 1}


def test_a_link_is_found_with_one_query(django_assert_num_queries: Any) -> None:
    recipient = make_journey()
    with django_assert_num_queries(1):
        link = find_link(recipient.code, NOW)
        assert link is not None
        shown = (link.survey.organization.name, link.recipient.contact.email, link.locale, link.attributes)
    assert shown[0] == "Jasna Clinic"


@pytest.mark.parametrize(
    ("of_the_call", "of_the_contact", "expected"), [("de", "pl", "de"), ("", "pl", "pl"), ("", "", "fr-CA")]
)
def test_a_links_locale_is_the_calls_then_the_contacts_then_the_surveys(
    of_the_call: str, of_the_contact: str, expected: str
) -> None:
    survey = make_survey(default_locale="fr-CA")
    recipient = make_journey(survey, make_contact(survey.organization, locale=of_the_contact), locale=of_the_call)
    link = find_link(recipient.code, NOW)
    assert link is not None
    assert link.locale == expected


def make_open_for_several(recipient: Recipient) -> None:
    Distribution.objects.filter(pk=recipient.distribution_id).update(link_type="multiple")


def test_a_link_for_several_responses_stores_each_and_stays_open() -> None:
    recipient = make_sent_journey()
    make_open_for_several(recipient)
    for number in range(3):
        record_response(recipient.code, {"score": number}, NOW + number * AN_HOUR)
        link = find_link(recipient.code, NOW)
        assert link is not None
        assert link.state is LinkState.OPEN
    stored = Response.objects.filter(recipient=recipient).order_by("ordinal")
    assert [(response.ordinal, response.answers["score"]) for response in stored] == [(1, 0), (2, 1), (3, 2)]


def test_only_the_first_of_several_responses_is_counted_and_stops_the_chain() -> None:
    recipient = make_journey()
    make_open_for_several(recipient)
    record_response(recipient.code, ANSWERS, NOW)
    record_response(recipient.code, ANSWERS, NOW + AN_HOUR)
    recipient.refresh_from_db()
    assert (recipient.state, recipient.reason, recipient.responded_at) == ("stopped", "responded", NOW)
    assert counts_of(recipient) == {"stopped": 1, "opened": 1, "responded": 1}
    assert Decision.objects.count() == 1


def test_a_link_for_several_responses_expires_like_any_other() -> None:
    recipient = make_sent_journey()
    make_open_for_several(recipient)
    record_response(recipient.code, ANSWERS, NOW)
    Distribution.objects.filter(pk=recipient.distribution_id).update(expires_at=NOW + AN_HOUR)
    with pytest.raises(LinkNotOpenError) as refused:
        record_response(recipient.code, ANSWERS, NOW + AN_HOUR)
    assert refused.value.state is LinkState.EXPIRED


def test_two_first_responses_of_a_recipient_are_refused_by_the_database() -> None:
    recipient = make_sent_journey()
    stored = record_response(recipient.code, ANSWERS, NOW)
    with pytest.raises(IntegrityError, match="one_response_per_recipient_and_ordinal"):
        Response.objects.create(survey=stored.survey, recipient=recipient, answers={}, submitted_at=NOW)
