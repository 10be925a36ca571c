"""Simultaneous calls about the same people and lists."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from contacts.models import Contact, MailingList, Membership, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from tests.support.api.lists_and_links import call, lists_path
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backend(api_key: str) -> Callable[[], Client]:
    return lambda: Client(headers={"x-api-key": api_key})


@pytest.fixture
def listed(organization: Organization) -> MailingList:
    return MailingList.objects.create(organization=organization, name="Ward B")


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    """Call from another thread, which has a connection of its own."""
    try:
        return call(client, "POST", path, body)
    finally:
        connection.close()


@pytest.mark.parametrize("is_legacy", [False, True])
def test_a_contact_waits_for_an_import_into_its_list(
    backend: Callable[[], Client], organization: Organization, listed: MailingList, is_legacy: bool
) -> None:
    """An import locks the list and then its people. Locked in the other order, both would wait for each other."""
    contact = Contact.objects.create(organization=organization, email="ann@example.com")
    list_id = public_id(Kind.MAILING_LIST, listed.pk)
    path = f"mailinglists/{list_id}/contacts" if is_legacy else f"{lists_path(organization)}/{list_id}/contacts"
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            MailingList.objects.select_for_update(no_key=True).get(pk=listed.pk)
            answer = pool.submit(post, backend(), path, {"email": "ann@example.com", "firstName": "Ann"})
            wait_until_blocked(1)
            Contact.objects.filter(pk=contact.pk).update(last_name="Ono")
        assert answer.result(DEADLINE_SECONDS).status_code == 200
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Ann", "Ono")


def test_calls_that_name_the_same_people_differently_all_succeed(
    backend: Callable[[], Client], listed: MailingList
) -> None:
    people = [{"email": f"p{n}@example.com", "externalDataReference": f"P{n}"} for n in range(200)]
    random, path = Random(7), f"mailinglists/{public_id(Kind.MAILING_LIST, listed.pk)}/contacts"

    def body() -> dict[str, Any]:
        named = [
            {name: person[name] for name in random.sample(sorted(person), random.randint(1, 2))} for person in people
        ]
        return {"contacts": random.sample(named, len(named))}

    answers = run_together([partial(call, backend(), "POST", path, body()) for _ in range(8)])
    assert [answer.status_code for answer in answers] == [200] * 8
    assert set(Contact.objects.values_list("pk")) == set(Membership.objects.values_list("contact_id"))
