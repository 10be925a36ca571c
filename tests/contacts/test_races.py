"""Simultaneous calls for the same people, on real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from django.db import connection, transaction

from contacts.contact_fields import ContactFields
from contacts.identity import EmailsTakenError, Identified, PhonesTakenError, resolve_contacts
from contacts.models import Contact, Organization
from tests.support.contacts import NOW, make_contact, person, resolve
from tests.support.simultaneous import DEADLINE_SECONDS, run_together, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 200
ROUNDS = 3


def by_external_id(number: int) -> ContactFields:
    return person(external_id=f"PAT-{number}", email=f"p{number}@example.com", embedded_data={str(number): number})


def by_email(number: int) -> ContactFields:
    # Each caller uses a different letter case.
    local = f"p{number}" if number % 2 else f"P{number}"
    return person(email=f"{local}@example.com", embedded_data={str(number): number})


def by_phone(number: int) -> ContactFields:
    return person(phone=f"+4860000{number:04}", embedded_data={str(number): number})


def shuffled(name_one: Callable[[int], ContactFields], seed: int) -> list[ContactFields]:
    people = [name_one(number) for number in range(PEOPLE)]
    Random(seed).shuffle(people)
    return people


@pytest.mark.parametrize("callers", [2, 8])
@pytest.mark.parametrize("name_one", [by_external_id, by_email, by_phone])
def test_simultaneous_calls_for_the_same_new_people_make_each_once(
    organization: Organization, name_one: Callable[[int], ContactFields], callers: int
) -> None:
    for round_number in range(ROUNDS):
        people = [shuffled(name_one, round_number * callers + seed) for seed in range(callers)]
        answers = run_together([partial(resolve, organization, *ours) for ours in people])
        assert Contact.objects.count() == PEOPLE
        found = {frozenset(contact.id for contact in answer) for answer in answers}
        assert found == {frozenset(Contact.objects.values_list("id", flat=True))}
        Contact.objects.all().delete()


def test_simultaneous_calls_for_overlapping_people_in_any_order_neither_double_nor_deadlock(
    organization: Organization,
) -> None:
    known = [make_contact(organization, external_id=f"known-{number}") for number in range(PEOPLE)]

    def call(seed: int) -> list[Identified]:
        chance = Random(seed)
        people = [by_external_id(number) for number in chance.sample(range(PEOPLE), PEOPLE // 2)]
        people += [by_email(number) for number in chance.sample(range(PEOPLE, 2 * PEOPLE), PEOPLE // 2)]
        people += [by_phone(number) for number in chance.sample(range(PEOPLE), PEOPLE // 2)]
        people += [person(contact_id=contact.pk, first_name=str(seed)) for contact in chance.sample(known, PEOPLE // 2)]
        chance.shuffle(people)
        return resolve(organization, *people)

    for round_number in range(ROUNDS):
        answers = run_together([partial(call, round_number * 8 + seed) for seed in range(8)])
        assert [len({contact.id for contact in answer}) for answer in answers] == [4 * (PEOPLE // 2)] * 8
    assert Contact.objects.count() == len(set(Contact.objects.values_list("external_id", "email", "phone")))


@pytest.mark.parametrize("name_one", [by_external_id, by_email, by_phone])
def test_the_second_of_two_calls_waits_for_the_first_and_merges_into_what_it_made(
    organization: Organization, name_one: Callable[[int], ContactFields]
) -> None:
    def second_call() -> list[Identified]:
        try:
            return resolve(organization, name_one(1), name_one(2))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = resolve_contacts(organization.pk, [name_one(2), name_one(1)], NOW)
            second = pool.submit(second_call)
            wait_until_blocked(1)
        assert {contact.id for contact in second.result(DEADLINE_SECONDS)} == {contact.id for contact in first}
    assert Contact.objects.count() == 2


def test_merges_at_the_same_moment_lose_nothing(organization: Organization) -> None:
    calls = [
        partial(resolve, organization, person(external_id="PAT-1", embedded_data={f"from {caller}": caller}))
        for caller in range(8)
    ]
    run_together(calls)
    assert Contact.objects.get().embedded_data == {f"from {caller}": caller for caller in range(8)}


def test_of_two_contacts_that_take_the_same_email_at_once_one_gets_it(organization: Organization) -> None:
    ann, bob = (make_contact(organization, email=f"{name}@example.com") for name in ("ann", "bob"))

    def bobs_call() -> frozenset[object]:
        try:
            resolve(organization, person(contact_id=bob.pk, email="new@example.com"))
        except EmailsTakenError as refusal:
            return refusal.ids
        finally:
            connection.close()
        return frozenset()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            resolve_contacts(organization.pk, [person(contact_id=ann.pk, email="new@example.com")], NOW)
            refused = pool.submit(bobs_call)
            wait_until_blocked(1)
        assert refused.result(DEADLINE_SECONDS) == {bob.pk}
    assert set(Contact.objects.values_list("email", flat=True)) == {"new@example.com", "bob@example.com"}


def test_of_two_contacts_that_take_the_same_phone_at_once_one_gets_it(organization: Organization) -> None:
    ann, bob = (make_contact(organization, phone=f"+4860000000{number}") for number in (1, 2))

    def bobs_call() -> frozenset[object]:
        try:
            resolve(organization, person(contact_id=bob.pk, phone="+48600000009"))
        except PhonesTakenError as refusal:
            return refusal.ids
        finally:
            connection.close()
        return frozenset()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            resolve_contacts(organization.pk, [person(contact_id=ann.pk, phone="+48600000009")], NOW)
            refused = pool.submit(bobs_call)
            wait_until_blocked(1)
        assert refused.result(DEADLINE_SECONDS) == {bob.pk}
    assert set(Contact.objects.values_list("phone", flat=True)) == {"+48600000009", "+48600000002"}
