"""Contacts that are known only by their phone."""

import pytest

from contacts.identity import EmailsTakenError, PhonesTakenError
from contacts.models import Contact, Organization
from tests.support.contacts import make_contact, person, resolve, stored

PHONE = "+48600000001"


def test_a_new_phone_makes_a_contact_without_an_external_id_or_email(organization: Organization) -> None:
    [found] = resolve(organization, person(phone=PHONE, first_name="Ann"))
    contact = Contact.objects.get()
    assert (contact.pk, contact.external_id, contact.email, contact.phone) == (found.id, None, "", PHONE)
    assert (contact.first_name, found.phone) == ("Ann", PHONE)


def test_a_known_phone_is_the_same_contact(organization: Organization) -> None:
    contact = make_contact(organization, phone=PHONE)
    [found] = resolve(organization, person(phone=PHONE, first_name="Ann"))
    contact.refresh_from_db()
    assert (found.id, contact.first_name) == (contact.pk, "Ann")
    assert Contact.objects.count() == 1


def test_an_email_outweighs_a_phone(organization: Organization) -> None:
    by_email = make_contact(organization, email="ann@example.com")
    by_phone = make_contact(organization, phone=PHONE)
    untouched = stored(by_phone)
    [found] = resolve(organization, person(email="ann@example.com", phone=PHONE))
    by_email.refresh_from_db()
    assert (found.id, by_email.phone) == (by_email.pk, PHONE)
    assert stored(by_phone) == untouched


@pytest.mark.parametrize("known_by", [{"external_id": "PAT-1"}, {"email": "mother@example.com"}])
def test_of_those_who_share_a_phone_the_one_known_by_nothing_else_is_meant(
    organization: Organization, known_by: dict[str, str]
) -> None:
    make_contact(organization, phone=PHONE, **known_by)
    only_phone = make_contact(organization, phone=PHONE)
    [found] = resolve(organization, person(phone=PHONE))
    assert found.id == only_phone.pk


def test_of_those_who_share_a_phone_and_are_known_by_more_the_oldest_is_meant(organization: Organization) -> None:
    mother = make_contact(organization, phone=PHONE, email="mother@example.com")
    make_contact(organization, phone=PHONE, external_id="child")
    [found] = resolve(organization, person(phone=PHONE))
    assert found.id == mother.pk
    assert Contact.objects.count() == 2


def test_an_empty_phone_names_nobody(organization: Organization) -> None:
    make_contact(organization, email="ann@example.com")
    make_contact(organization, external_id="PAT-1")
    resolve(organization, person(phone=PHONE))
    assert Contact.objects.filter(phone=PHONE, external_id=None, email="").count() == 1
    assert Contact.objects.count() == 3


def test_another_organisations_phone_is_neither_touched_nor_taken(organization: Organization) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    theirs = make_contact(stranger, phone=PHONE)
    before = stored(theirs)
    ours = make_contact(organization, phone="+48600000002")
    resolve(organization, person(phone=PHONE, first_name="Eve"))
    assert stored(theirs) == before
    Contact.objects.filter(organization=organization, phone=PHONE).delete()
    [found] = resolve(organization, person(contact_id=ours.pk, phone=PHONE))
    assert found.phone == PHONE


def test_a_contact_cannot_take_the_only_name_of_another(organization: Organization) -> None:
    ann, bob = (make_contact(organization, phone=f"+4860000000{number}") for number in (1, 2))
    before = [stored(ann), stored(bob)]
    with pytest.raises(PhonesTakenError) as raised:
        resolve(organization, person(contact_id=ann.pk, phone=bob.phone), person(external_id="new"))
    assert raised.value.ids == {ann.pk}
    assert [stored(ann), stored(bob)] == before
    assert Contact.objects.count() == 2


def test_two_contacts_of_a_call_cannot_both_take_a_phone(organization: Organization) -> None:
    both = [make_contact(organization, phone=f"+4860000000{number}") for number in (1, 2)]
    with pytest.raises(PhonesTakenError) as raised:
        resolve(organization, *(person(contact_id=contact.pk, phone="+48600000009") for contact in both))
    assert raised.value.ids == {contact.pk for contact in both}


def test_where_an_email_and_a_phone_are_taken_the_email_is_told_first(organization: Organization) -> None:
    make_contact(organization, email="taken@example.com")
    make_contact(organization, phone="+48600000009")
    ann, bob = (make_contact(organization, phone=f"+4860000000{number}") for number in (1, 2))
    with pytest.raises(EmailsTakenError) as raised:
        resolve(
            organization,
            person(contact_id=ann.pk, email="taken@example.com"),
            person(contact_id=bob.pk, phone="+48600000009"),
        )
    assert raised.value.ids == {ann.pk}


def test_who_is_known_by_more_may_share_any_phone(organization: Organization) -> None:
    make_contact(organization, phone=PHONE)
    mother = make_contact(organization, email="mother@example.com")
    [found] = resolve(organization, person(contact_id=mother.pk, phone=PHONE))
    assert (found.id, found.phone) == (mother.pk, PHONE)


def test_a_contact_that_gets_an_email_leaves_its_phone_to_others(organization: Organization) -> None:
    ann = make_contact(organization, phone=PHONE)
    [found] = resolve(organization, person(contact_id=ann.pk, email="ann@example.com", phone="+48600000002"))
    assert (found.email, found.phone) == ("ann@example.com", "+48600000002")
    [other] = resolve(organization, person(phone=PHONE))
    assert other.id != ann.pk
