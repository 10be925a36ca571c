"""Simultaneous calls of the native resources."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from channels.models import ProviderAccount, TemplateVariant
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.engine.events.endpoints import MAX_ENDPOINTS, create_endpoint
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, EventEndpoint, Survey
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, make, patch, post
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 8


@pytest.fixture
def backend(api_key: str) -> Callable[[], Client]:
    return lambda: Client(headers={"x-api-key": api_key})


def together(calls: Sequence[Callable[[], Any]]) -> list[int]:
    """The statuses of calls that are made at once, sorted."""
    return sorted(response.status_code for response in run_together(calls))


@pytest.mark.parametrize("name", [{"externalId": "PAT-1"}, {"email": "ann@example.com"}])
def test_of_simultaneous_posts_one_makes_the_contact_and_the_others_merge(
    backend: Callable[[], Client], name: dict[str, str]
) -> None:
    bodies = [{**name, "title": "Dr", "embeddedData": {str(number): number}} for number in range(CALLERS)]
    statuses = together([partial(post, backend(), "contacts", body) for body in bodies])
    # A call knows a contact that it has made by its time. Two calls of one microsecond both say so.
    assert set(statuses) == {200, 201}
    assert statuses.count(201) <= 2
    assert Contact.objects.get().embedded_data == {str(number): number for number in range(CALLERS)}


def test_of_simultaneous_suppressions_one_is_made(backend: Callable[[], Client]) -> None:
    body = {"channel": "email", "address": "ann@example.com"}
    statuses = together([partial(post, backend(), "suppressions", body) for _ in range(CALLERS)])
    assert statuses == [200] * (CALLERS - 1) + [201]
    assert Suppression.objects.count() == 1


def test_simultaneous_calls_make_no_more_endpoints_than_allowed(
    organization: Organization, backend: Callable[[], Client]
) -> None:
    for number in range(MAX_ENDPOINTS - 1):
        create_endpoint(organization, {"name": f"CRM {number}", "url": "https://example.com"}, database_now())
    body = {"name": "CRM", "url": "https://example.com"}
    statuses = together([partial(post, backend(), "event-endpoints", body) for _ in range(CALLERS)])
    assert statuses == [201] + [409] * (CALLERS - 1)
    assert EventEndpoint.objects.count() == MAX_ENDPOINTS


def test_simultaneous_changes_of_different_keys_are_all_kept(backend: Callable[[], Client]) -> None:
    contact, account = make(backend(), "contacts", embeddedData={}), make(backend(), "providers")
    numbers = [str(number) for number in range(CALLERS)]
    calls = [partial(patch, backend(), f"contacts/{contact['id']}", {"embeddedData": {one: one}}) for one in numbers]
    calls += [
        partial(patch, backend(), f"providers/{account['id']}", {"credentials": {name: "new"}})
        for name in ("username", "password")
    ]
    assert set(together(calls)) == {200}
    assert Contact.objects.get().embedded_data == {one: one for one in numbers}
    assert ProviderAccount.objects.get().credentials == {"username": "new", "password": "new"}


def test_of_simultaneous_changes_to_one_external_id_one_wins(backend: Callable[[], Client]) -> None:
    ids = [make(backend(), "contacts", externalId=f"P{n}", email="")["id"] for n in range(CALLERS)]
    calls = [partial(patch, backend(), f"contacts/{one}", {"externalId": "wanted"}) for one in ids]
    answers = run_together(calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (CALLERS - 1)
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert faults_in(refused) == [("/externalId", "external_id_taken")]


def test_a_locale_that_several_write_at_once_is_there_once(backend: Callable[[], Client]) -> None:
    made = make(backend(), "templates")
    changes = [{"variants": {("de", "DE")[number % 2]: {"subject": "x", "text": "x"}}} for number in range(CALLERS)]
    assert set(together([partial(patch, backend(), f"templates/{made['id']}", one) for one in changes])) == {200}
    assert TemplateVariant.objects.filter(locale__iexact="de").count() == 1


def test_members_that_many_add_and_remove_in_any_order_are_there_once(
    backend: Callable[[], Client], organization: Organization
) -> None:
    members = f"lists/{make(backend(), 'lists')['id']}/contacts"
    people = Contact.objects.bulk_create(Contact(organization=organization, external_id=f"P{n}") for n in range(200))
    ids = [str(one.pk) for one in people]

    def call(seed: int) -> Any:
        shuffled = Random(seed).sample(ids, len(ids))
        return patch(backend(), members, {"add": shuffled[:150]} if seed % 2 else {"remove": shuffled[:50]})

    assert set(together([partial(call, seed) for seed in range(CALLERS)])) == {200}
    assert patch(backend(), members, {"add": ids}).status_code == 200
    assert Membership.objects.count() == 200


def test_a_list_that_is_deleted_while_members_are_added_is_gone(
    backend: Callable[[], Client], organization: Organization
) -> None:
    contact = Contact.objects.create(organization=organization, external_id="P")
    for _ in range(5):
        path = f"lists/{make(backend(), 'lists')['id']}"
        add = partial(patch, backend(), f"{path}/contacts", {"add": [str(contact.pk)]})
        answers = run_together([add, partial(backend().delete, f"{BASE}/{path}"), add])
        assert answers[1].status_code == 204
        assert {answers[0].status_code, answers[2].status_code} <= {200, 404}
    assert (MailingList.objects.count(), Membership.objects.count()) == (0, 0)


def test_a_send_of_what_is_being_deleted_is_told_so_and_writes_nothing(
    backend: Callable[[], Client], survey: Survey, body: dict[str, Any]
) -> None:
    path = f"/api/surveys/{survey.pk}/distributions/quick"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            survey.delete()
            sent = pool.submit(send_alone, backend(), path, body)
            wait_until_blocked(1)
        response = sent.result(DEADLINE_SECONDS)
    assert (response.status_code, response.json()["code"]) == (409, "deleted_meanwhile")
    assert (Distribution.objects.count(), Contact.objects.count()) == (0, 0)


def send_alone(client: Client, path: str, body: dict[str, Any]) -> Any:
    try:
        return client.post(path, json.dumps(body), content_type="application/json")
    finally:
        connection.close()


def test_a_survey_is_either_deleted_or_sent(
    backend: Callable[[], Client], organization: Organization, body: dict[str, Any]
) -> None:
    for _ in range(5):
        survey = Survey.objects.create(organization=organization, name="x")
        send = partial(
            backend().post,
            f"/api/surveys/{survey.pk}/distributions/quick",
            json.dumps({**body, "surveyId": str(survey.pk)}),
            content_type="application/json",
        )
        sent, deleted = run_together([send, partial(backend().delete, f"{BASE}/surveys/{survey.pk}")])
        assert (sent.status_code, deleted.status_code) in {(201, 409), (404, 204), (409, 204)}
        assert Distribution.objects.filter(survey_id=survey.pk).exists() == (sent.status_code == 201)


def test_batches_that_name_the_same_people_differently_all_succeed(backend: Callable[[], Client]) -> None:
    people = [{"email": f"p{n}@example.com", "externalId": f"P{n}"} for n in range(200)]
    random = Random(7)

    def body() -> dict[str, Any]:
        named = [
            {name: person[name] for name in random.sample(sorted(person), random.randint(1, 2))} for person in people
        ]
        return {"contacts": random.sample(named, len(named))}

    assert together([partial(post, backend(), "contacts/batch", body()) for _ in range(CALLERS)]) == [200] * CALLERS
