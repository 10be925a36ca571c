"""POST /api/v1/distributions and /api/v1/links: conflicts, and repeated calls."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact, MailingList, Organization
from distributor.models import Distribution
from tests.api.native.create_distribution.conftest import PATH, Post
from tests.support.api.bodies import faults_in, people, rows_written
from tests.support.engine.people import dispatch


def test_who_is_throttled_is_named_where_the_call_wants_that_refused(post_it: Post, sending: dict[str, Any]) -> None:
    post_it(sending)
    dispatch()
    before = rows_written()
    again = {**sending, "audience": {"contacts": people(2)}, "throttle": {"minutes": 60, "policy": "reject"}}
    response = post_it(again)
    assert (response.status_code, response.json()["code"]) == (409, "throttled")
    assert faults_in(response) == [("/audience/contacts/0", "throttled")]
    assert rows_written() == before


def test_an_address_that_is_taken_is_a_conflict(
    post_it: Post, sending: dict[str, Any], organization: Organization
) -> None:
    Contact.objects.create(organization=organization, email="taken@example.com")
    mine = Contact.objects.create(organization=organization, email="mine@example.com")
    contact = {"contactId": str(mine.pk), "email": "taken@example.com"}
    response = post_it({**sending, "audience": {"contacts": [contact]}})
    assert (response.status_code, faults_in(response)) == (409, [("/audience/contacts/0/email", "email_taken")])


@pytest.mark.parametrize("path", [PATH, "/api/v1/links"])
def test_a_phone_that_is_taken_is_a_conflict(
    client: Client, sending: dict[str, Any], organization: Organization, path: str
) -> None:
    taken, mine = (Contact.objects.create(organization=organization, phone=f"+4860000000{one}") for one in (1, 2))
    before = list(Contact.objects.order_by("pk").values())
    contact = {"contactId": str(mine.pk), "phone": taken.phone}
    body = {**sending, "audience": {"contacts": [{"externalId": "PAT-1", "phone": taken.phone}, contact]}}
    pointer = "/audience/contacts/1/phone"
    if path != PATH:
        body, pointer = (
            {"surveyId": sending["surveyId"], "steps": sending["steps"], "contact": contact},
            "/contact/phone",
        )
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "phone_taken")
    assert faults_in(response) == [(pointer, "phone_taken")]
    assert list(Contact.objects.order_by("pk").values()) == before


@pytest.mark.usefixtures("ticked")
@pytest.mark.parametrize("path", [PATH, "/api/v1/links"])
def test_a_repeated_call_is_answered_again_and_makes_nothing(
    client: Client, sending: dict[str, Any], mailing_list: MailingList, path: str
) -> None:
    to_list = {**sending, "audience": {"listId": str(mailing_list.pk)}}
    body = to_list if path == PATH else {"surveyId": sending["surveyId"], "contact": {"externalId": "PAT-1"}}
    first, again = (
        client.post(path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.content == again.content
    assert (first.status_code, Distribution.objects.count()) == (again.status_code, 1)
