"""Repeated and refused calls, and the largest one."""

from django.db import connection

from contacts.models import Contact, MailingList
from distributor.models import Distribution, Recipient
from tests.support.api.recipient_add import (
    FAILED,
    SUCCESS,
    Add,
    members,
    person,
    problem_with,
)


def test_what_nobody_expected_is_answered_in_the_published_words(add: Add, connected: MailingList) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_membership RENAME TO mislaid")
    response = add(person(1))
    assert (response.status_code, response.json()) == (400, {"Errors": [FAILED]})
    assert not Contact.objects.exists()
    assert not Distribution.objects.exists()


def test_1_000_recipients_are_taken_and_no_more(add: Add, connected: MailingList) -> None:
    people = [person(number) for number in range(1_001)]
    refused = add(*people)
    assert refused.status_code == 400
    assert refused.json()["Errors"][0].startswith("/RecipientList: ")
    assert add(*people[:1_000]).json() == SUCCESS
    assert (len(members(connected)), Recipient.objects.count()) == (1_000, 1_000)


def test_a_repeated_call_is_answered_again_and_invites_nobody(add: Add, connected: MailingList) -> None:
    wrong = person(2, MobileNumber="12")
    first, again = (add(person(1), wrong, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
    assert first.json() == {"Errors": [problem_with(wrong, "Invalid mobile number for")]}
    assert Recipient.objects.count() == 1


def test_a_key_for_two_calls_or_of_no_form_is_refused_in_the_dialects_shape(add: Add) -> None:
    add(person(1), headers={"Idempotency-Key": "k"})
    other, formless = (add(person(2), headers={"Idempotency-Key": key}) for key in ("k", " "))
    assert (other.status_code, other.json()) == (
        422,
        {"Errors": ["This Idempotency-Key was used for a different call less than 24 hours ago."]},
    )
    assert (formless.status_code, formless.json()) == (
        400,
        {"Errors": ["Idempotency-Key: Invalid Idempotency-Key. Use 1 to 255 printable ASCII characters."]},
    )


def test_a_refused_call_leaves_its_key_free(add: Add, connected: MailingList) -> None:
    said = {"headers": {"Idempotency-Key": "k"}}
    assert add(person(1), ListName="Nobody", **said).status_code == 400
    assert add(person(1), **said).json() == SUCCESS
