"""The same person more than once in a call."""

import pytest

from contacts.models import Contact, Organization
from tests.support.contacts import KINDS, make_contact, name_by, person, resolve


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_key_twice_is_one_contact_and_the_later_values_win(organization: Organization, kind: str) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com", phone="+48600000001")
    found = resolve(
        organization,
        name_by(kind, contact, first_name="Ann", title="Dr.", embedded_data={"a": 1, "b": 1}),
        name_by(kind, contact, first_name="Anna", last_name="Ono", embedded_data={"b": 2, "c": 2}),
    )
    contact.refresh_from_db()
    assert [contact.id for contact in found] == [contact.pk] * 2
    assert (contact.first_name, contact.last_name, contact.title) == ("Anna", "Ono", "Dr.")
    assert contact.embedded_data == {"a": 1, "b": 2, "c": 2}
    assert Contact.objects.count() == 1


def test_a_new_email_twice_in_other_letter_cases_is_one_contact(organization: Organization) -> None:
    found = resolve(organization, person(email="ann@example.com"), person(email="Ann@Example.com"))
    assert len({contact.id for contact in found}) == 1
    assert Contact.objects.get().email == "Ann@Example.com"


def test_one_contact_named_by_three_kinds_of_keys_is_given_back_as_it_ended(organization: Organization) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com")
    found = resolve(
        organization,
        name_by("email", contact, phone="+48600000003", first_name="by e-mail", embedded_data={"e": 1, "all": "e"}),
        name_by("external_id", contact, phone="+48600000002", embedded_data={"x": 1, "all": "x"}),
        name_by("id", contact, phone="+48600000001", last_name="by id", embedded_data={"i": 1, "all": "i"}),
    )
    contact.refresh_from_db()
    assert {(contact.id, contact.phone) for contact in found} == {(contact.pk, "+48600000003")}
    assert (contact.phone, contact.first_name, contact.last_name) == ("+48600000003", "by e-mail", "by id")
    assert contact.embedded_data == {"i": 1, "x": 1, "e": 1, "all": "e"}


def test_an_email_finds_the_contact_that_the_same_call_makes_by_external_id(organization: Organization) -> None:
    found = resolve(organization, person(email="ann@example.com"), person(external_id="PAT-1", email="Ann@example.com"))
    assert len({contact.id for contact in found}) == 1
    assert Contact.objects.count() == 1


def test_an_email_that_only_the_same_call_has_changed_is_found(organization: Organization) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="old@example.com")
    found = resolve(
        organization, person(email="new@example.com"), person(contact_id=contact.pk, email="new@example.com")
    )
    assert [contact.id for contact in found] == [contact.pk] * 2


def test_a_phone_finds_the_contact_that_the_same_call_makes_by_email(organization: Organization) -> None:
    found = resolve(organization, person(phone="+48600000001"), person(email="ann@example.com", phone="+48600000001"))
    assert len({contact.id for contact in found}) == 1
    assert (Contact.objects.get().email, found[0].email) == ("ann@example.com", "ann@example.com")
