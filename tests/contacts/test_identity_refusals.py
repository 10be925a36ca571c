"""Contacts that identity resolution does not find or must not change."""

import pytest

from contacts.identity import EmailsTakenError, UnknownContactsError
from contacts.ids import new_id
from contacts.models import Contact, Organization
from tests.support.contacts import make_contact, person, resolve, stored


@pytest.fixture
def stranger(db: None) -> Organization:
    return Organization.objects.create(name="Somebody else", slug="somebody-else")


def test_unknown_ids_are_all_named_and_nothing_is_written(organization: Organization) -> None:
    known = make_contact(organization, external_id="PAT-1", email="ann@example.com")
    before = stored(known)
    unknown = [new_id(), new_id()]
    with pytest.raises(UnknownContactsError) as raised:
        resolve(
            organization,
            person(contact_id=known.pk, email="changed@example.com"),
            person(contact_id=unknown[0]),
            person(external_id="new"),
            person(email="new@example.com"),
            person(contact_id=unknown[1], email="ann@example.com"),
        )
    assert raised.value.ids == frozenset(unknown)
    assert stored(known) == before
    assert Contact.objects.count() == 1


def test_another_organisations_contact_is_unknown_by_its_id(organization: Organization, stranger: Organization) -> None:
    theirs = make_contact(stranger, external_id="PAT-1", email="ann@example.com")
    before = stored(theirs)
    with pytest.raises(UnknownContactsError) as raised:
        resolve(organization, person(contact_id=theirs.pk, first_name="Eve"))
    assert raised.value.ids == {theirs.pk}
    assert stored(theirs) == before


def test_another_organisations_contacts_are_never_touched(organization: Organization, stranger: Organization) -> None:
    theirs = [
        make_contact(stranger, external_id="PAT-1", email="ann@example.com"),
        make_contact(stranger, email="bob@example.com"),
    ]
    before = [stored(contact) for contact in theirs]
    found = resolve(
        organization, person(external_id="PAT-1", first_name="Eve"), person(email="bob@example.com", first_name="Eve")
    )
    assert not {contact.id for contact in found} & {contact.pk for contact in theirs}
    assert [stored(contact) for contact in theirs] == before
    assert Contact.objects.filter(organization=organization).count() == 2


def test_another_organisations_email_is_not_taken(organization: Organization, stranger: Organization) -> None:
    make_contact(stranger, email="ann@example.com")
    contact = make_contact(organization, email="old@example.com")
    [found] = resolve(organization, person(contact_id=contact.pk, email="ann@example.com"))
    assert found.email == "ann@example.com"


def test_a_contact_cannot_take_the_only_name_of_another(organization: Organization) -> None:
    ann, bob = (make_contact(organization, email=f"{name}@example.com") for name in ("ann", "bob"))
    before = [stored(ann), stored(bob)]
    with pytest.raises(EmailsTakenError) as raised:
        resolve(
            organization,
            person(contact_id=ann.pk, email="Bob@example.com"),
            person(external_id="new"),
            person(contact_id=bob.pk, first_name="Bob"),
        )
    assert raised.value.ids == {ann.pk}
    assert [stored(ann), stored(bob)] == before
    assert Contact.objects.count() == 2


def test_two_contacts_of_a_call_cannot_both_take_an_email(organization: Organization) -> None:
    ann, bob = (make_contact(organization, email=f"{name}@example.com") for name in ("ann", "bob"))
    with pytest.raises(EmailsTakenError) as raised:
        resolve(organization, *(person(contact_id=contact.pk, email="new@example.com") for contact in (ann, bob)))
    assert raised.value.ids == {ann.pk, bob.pk}
    assert set(Contact.objects.values_list("email", flat=True)) == {"ann@example.com", "bob@example.com"}


def test_a_refused_email_leaves_the_callers_transaction_usable(organization: Organization) -> None:
    ann, _bob = (make_contact(organization, email=f"{name}@example.com") for name in ("ann", "bob"))
    with pytest.raises(EmailsTakenError):
        resolve(organization, person(contact_id=ann.pk, email="bob@example.com"))
    assert resolve(organization, person(contact_id=ann.pk, email="ann2@example.com"))[0].email == "ann2@example.com"


def test_a_contact_with_an_external_id_may_share_any_email(organization: Organization) -> None:
    mother = make_contact(organization, external_id="mother", email="old@example.com")
    only_email = make_contact(organization, email="family@example.com")
    [found] = resolve(organization, person(contact_id=mother.pk, email="family@example.com"))
    assert (found.id, found.email) == (mother.pk, "family@example.com")
    assert Contact.objects.filter(pk=only_email.pk, email="family@example.com").exists()


def test_a_contact_may_be_given_its_own_email_again(organization: Organization) -> None:
    contact = make_contact(organization, email="ann@example.com")
    assert resolve(organization, person(contact_id=contact.pk, email="ANN@example.com"))[0].email == "ANN@example.com"
