"""Simultaneous quick calls for the same people."""

import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact, Organization
from distributor.models import Distribution, Recipient, Survey
from tests.support.simultaneous import run_together

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 100
ROUNDS = 2

Name = Callable[[int], dict[str, Any]]


def by_external_id(number: int) -> dict[str, Any]:
    return {"externalId": f"PAT-{number}", "email": f"p{number}@example.com"}


def by_email(number: int) -> dict[str, Any]:
    return {"email": f"p{number}@example.com"}


def call(api_key: str, survey: Survey, body: dict[str, Any], name_one: Name, seed: int) -> dict[str, Any]:
    """Call for all people in a shuffled order, and return the answer."""
    contacts = [name_one(number) for number in range(PEOPLE)]
    Random(seed).shuffle(contacts)
    path = f"/api/surveys/{survey.pk}/distributions/quick"
    client = Client(headers={"x-api-key": api_key})
    response = client.post(path, json.dumps({**body, "contacts": contacts}), content_type="application/json")
    assert response.status_code == 201, response.content
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("callers", [2, 8])
@pytest.mark.parametrize("name_one", [by_external_id, by_email])
def test_simultaneous_calls_create_each_contact_once_and_a_link_per_call(
    api_key: str, survey: Survey, body: dict[str, Any], name_one: Name, callers: int
) -> None:
    answers = run_together([partial(call, api_key, survey, body, name_one, seed) for seed in range(callers)])
    assert [answer["recipientCount"] for answer in answers] == [PEOPLE] * callers
    assert Contact.objects.count() == PEOPLE
    codes = [link["personalLinkCode"] for answer in answers for link in answer["personalLinks"]]
    assert len(set(codes)) == callers * PEOPLE == Recipient.objects.count()
    assert Distribution.objects.count() == callers


def test_simultaneous_calls_with_different_identifiers_of_the_same_people_succeed(
    api_key: str, survey: Survey, body: dict[str, Any], organization: Organization
) -> None:
    made = [Contact(organization=organization, **stored(by_external_id(number))) for number in range(PEOPLE)]
    ids = {contact.external_id: str(contact.pk) for contact in Contact.objects.bulk_create(made)}

    def by_id(number: int) -> dict[str, Any]:
        return {"contactId": ids[f"PAT-{number}"], "email": f"P{number}@example.com"}

    kinds = (by_id, by_external_id, by_email)

    def by_any(number: int) -> dict[str, Any]:
        return kinds[number % 3](number)

    def by_another(number: int) -> dict[str, Any]:
        return kinds[(number + 1) % 3](number)

    for round_number in range(ROUNDS):
        names = [by_id, by_external_id, by_email, by_any, by_another, by_id, by_external_id, by_email]
        run_together(
            [
                partial(call, api_key, survey, body, name_one, round_number * 8 + seed)
                for seed, name_one in enumerate(names)
            ]
        )
    assert Contact.objects.count() == PEOPLE
    assert set(Contact.objects.values_list("external_id", flat=True)) == set(ids)
    assert Recipient.objects.count() == 8 * ROUNDS * PEOPLE


def stored(contact: dict[str, Any]) -> dict[str, str]:
    return {"external_id": contact["externalId"], "email": contact["email"]}
