"""A response through an anonymous link cannot be traced to a person: by no row, time, lock or log line."""

import json
import logging
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Recipient, Response
from tests.support.journeys import NOW, counts_of, make_contact, make_sent_journey, make_survey

pytestmark = pytest.mark.django_db
ANSWER = {"score": "9", "comment": "Nobody knows me"}


def make_anonymous(**fields: Any) -> Recipient:
    """Anna's anonymous link, the only one of its distribution."""
    survey = make_survey(default_locale="en", **fields)
    contact = make_contact(survey.organization, first_name="Anna", locale="pl", embedded_data={"ward": "B"})
    recipient = make_sent_journey(survey, contact, attributes={"customer_id": "C-77"}, locale="pl")
    Distribution.objects.filter(pk=recipient.distribution_id).update(link_type="anonymous")
    return recipient


def answer_on_the_page(visitor: Client, recipient: Recipient) -> None:
    assert visitor.get(f"/p/{recipient.code}").status_code == 200
    answered = visitor.post(f"/p/{recipient.code}", ANSWER)
    assert (answered.status_code, answered["Location"]) == (303, f"/p/{recipient.code}/thanks")
    assert visitor.get(f"/p/{recipient.code}/thanks").status_code == 200


def everything_but_responses() -> dict[str, list[Any]]:
    """Return all rows of all other tables, with the IDs of the transactions that wrote and locked each row."""
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != "distributor_response":
                # Inserting a response locks its survey. That reveals nothing that the response itself does not.
                locked = "0" if table == "distributor_survey" else "xmax"
                cursor.execute(f"SELECT ctid::text, xmin, {locked}, t::text FROM {table} t ORDER BY 4")
                rows[table] = cursor.fetchall()
    return rows


@pytest.mark.django_db(transaction=True)
def test_an_answer_writes_one_row_and_neither_changes_nor_locks_another(visitor: Client) -> None:
    recipient = make_anonymous()
    before = everything_but_responses()
    assert before["distributor_recipient"]
    answer_on_the_page(visitor, recipient)
    assert everything_but_responses() == before
    assert Response.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_comparison_detects_the_traces_of_a_personal_answer(visitor: Client) -> None:
    recipient = make_anonymous()
    Distribution.objects.update(link_type="one_time")
    before = everything_but_responses()
    answer_on_the_page(visitor, recipient)
    after = everything_but_responses()
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert changed == {
        *("distributor_recipient", "distributor_distribution"),
        *("distributor_minutecount", "distributor_eventbundle"),
    }


def test_the_row_holds_the_answers_the_survey_and_the_day(visitor: Client) -> None:
    recipient = make_anonymous()
    answer_on_the_page(visitor, recipient)
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    row: dict[str, Any] = {**Response.objects.values().get()}
    row_id = row.pop("id")
    assert row == {
        "survey_id": recipient.distribution.survey_id,
        "recipient_id": None,
        "ordinal": 1,  # The same for every anonymous response.
        "locale": "",
        "attributes": {},
        "answers": {"score": 9, "comment": "Nobody knows me"},
        "submitted_at": today,
    }
    assert (row_id.version, row_id.int >> 80) == (7, int(today.timestamp()) * 1_000)


def test_the_ids_of_a_day_are_in_random_order() -> None:
    recipient = make_anonymous()
    ids: list[UUID] = [record_response(recipient.code, {}, NOW).pk for _ in range(30)]
    assert len(set(ids)) == 30
    assert ids not in (sorted(ids), sorted(ids, reverse=True))


def test_the_link_is_not_used_up_and_nobody_is_marked_or_counted(visitor: Client) -> None:
    recipient = make_anonymous()
    before = Recipient.objects.filter(pk=recipient.pk).values().get()
    for _ in range(2):
        answer_on_the_page(visitor, recipient)
    assert Response.objects.count() == 2
    assert Recipient.objects.filter(pk=recipient.pk).values().get() == before
    assert counts_of(recipient) == {"sent": 1}


@pytest.mark.parametrize(
    "fields", [{"recipient": None, "attributes": {"a": 1}}, {"locale": "pl"}, {"submitted_at": NOW}]
)
def test_the_database_refuses_an_anonymous_response_that_reveals_more(fields: dict[str, Any]) -> None:
    midnight = NOW.replace(hour=0)
    known: dict[str, Any] = {"survey": make_survey(), "recipient": None, "answers": {}, "submitted_at": midnight}
    Response.objects.create(**known)
    with pytest.raises(IntegrityError, match="an_anonymous_response_tells_nothing"), transaction.atomic():
        Response.objects.create(**{**known, **fields})


def test_no_log_line_holds_any_part_of_the_code_or_an_address(
    visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    recipient = make_anonymous()
    with caplog.at_level(logging.DEBUG):
        answer_on_the_page(visitor, recipient)
        visitor.post(f"/u/{recipient.code}")
    lines = [str(record.msg) for record in caplog.records if "request_finished" in str(record.msg)]
    assert len(lines) == 4
    for record in caplog.records:
        line = str(record.msg) + str(record.args)
        assert recipient.code[:4] not in line
        assert "127.0.0.1" not in line


def test_an_external_survey_does_not_learn_who_opened_the_link(visitor: Client) -> None:
    recipient = make_anonymous(target_url="https://survey.example.com/s?x=1")
    organization = recipient.distribution.organization
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    answer = visitor.get(f"/p/{recipient.code}")
    assert (answer.status_code, answer["Location"]) == (302, "https://survey.example.com/s?x=1")


def test_an_answer_reported_over_the_api_is_not_tied_to_a_person_either(client: Client, organization: Any) -> None:
    recipient = make_sent_journey(make_survey(organization))
    Distribution.objects.filter(pk=recipient.distribution_id).update(link_type="anonymous")
    path = f"/api/v1/links/{recipient.code}/responses"
    answer = client.post(path, json.dumps({"answers": {"nps": 9}}), content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["submittedAt"].endswith("T00:00:00Z")
    assert Response.objects.get().recipient_id is None
