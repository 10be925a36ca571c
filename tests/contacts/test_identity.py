from datetime import timedelta

import pytest

from contacts.models import Contact, Organization
from tests.support.contacts import KINDS, NOW, make_contact, name_by, person, resolve, stored

LATER = NOW + timedelta(hours=1)


def test_a_new_external_id_makes_a_contact_with_all_that_is_given(organization: Organization) -> None:
    [found] = resolve(
        organization,
        person(
            external_id="PAT-1",
            email="Ann@Example.com",
            phone="+48600000001",
            first_name="Ann",
            last_name="Ono",
            title="Dr.",
            locale="pl",
            time_zone="Europe/Warsaw",
            embedded_data={"ward": "B", "visits": 3, "flags": [True, None]},
        ),
    )
    contact = Contact.objects.get()
    assert stored(contact) == {
        "id": found.id,
        "organization_id": organization.pk,
        "external_id": "PAT-1",
        "email": "Ann@Example.com",
        "phone": "+48600000001",
        "first_name": "Ann",
        "last_name": "Ono",
        "title": "Dr.",
        "locale": "pl",
        "time_zone": "Europe/Warsaw",
        "embedded_data": {"ward": "B", "visits": 3, "flags": [True, None]},
        "opted_out_at": None,
        "erased_at": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (found.external_id, found.email, found.phone) == ("PAT-1", "Ann@Example.com", "+48600000001")


def test_a_new_email_makes_a_contact_without_an_external_id(organization: Organization) -> None:
    [found] = resolve(organization, person(email="Ann@Example.com", first_name="Ann"))
    contact = Contact.objects.get()
    assert (contact.pk, contact.external_id, contact.email) == (found.id, None, "Ann@Example.com")
    assert contact.first_name == "Ann"


def test_people_come_back_in_the_order_in_which_they_were_named(organization: Organization) -> None:
    known = make_contact(organization, external_id="known")
    people = [
        person(email="z@example.com"),
        person(external_id="b"),
        person(contact_id=known.pk),
        person(email="a@example.com"),
        person(external_id="a"),
    ]
    identities = [(found.external_id, found.email) for found in resolve(organization, *people)]
    assert identities == [(None, "z@example.com"), ("b", ""), ("known", ""), (None, "a@example.com"), ("a", "")]


def test_nobody_named_is_nobody_found(organization: Organization) -> None:
    assert resolve(organization) == []


def test_an_id_outweighs_an_external_id_and_an_email(organization: Organization) -> None:
    by_id = make_contact(organization, external_id="first", email="first@example.com")
    by_external_id = make_contact(organization, external_id="second", email="second@example.com")
    by_email = make_contact(organization, email="third@example.com")
    untouched = [stored(by_external_id), stored(by_email)]
    [found] = resolve(
        organization,
        person(contact_id=by_id.pk, external_id="second", email="third@example.com", first_name="Ann"),
    )
    by_id.refresh_from_db()
    assert found.id == by_id.pk
    assert (by_id.external_id, by_id.email, by_id.first_name) == ("first", "third@example.com", "Ann")
    assert [stored(by_external_id), stored(by_email)] == untouched


def test_an_external_id_outweighs_an_email(organization: Organization) -> None:
    by_external_id = make_contact(organization, external_id="second", email="second@example.com")
    by_email = make_contact(organization, email="third@example.com")
    untouched = stored(by_email)
    [found] = resolve(organization, person(external_id="second", email="third@example.com"))
    by_external_id.refresh_from_db()
    assert found.id == by_external_id.pk
    assert by_external_id.email == "third@example.com"
    assert stored(by_email) == untouched


def test_an_unknown_external_id_makes_a_contact_even_if_its_email_is_known(organization: Organization) -> None:
    known = make_contact(organization, external_id="mother", email="family@example.com")
    [found] = resolve(organization, person(external_id="child", email="family@example.com"))
    assert found.id != known.pk
    assert set(Contact.objects.values_list("external_id", "email")) == {
        ("mother", "family@example.com"),
        ("child", "family@example.com"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_embedded_data_is_merged_key_by_key(organization: Organization, kind: str) -> None:
    old = {"ward": "A", "doctor": {"name": "Smith", "floor": 2}, "left": 1}
    contact = make_contact(
        organization, external_id="PAT-1", email="ann@example.com", phone="+48600000001", embedded_data=old
    )
    resolve(organization, name_by(kind, contact, embedded_data={"ward": "B", "doctor": {"name": "Ono"}, "new": None}))
    contact.refresh_from_db()
    assert contact.embedded_data == {"ward": "B", "doctor": {"name": "Ono"}, "left": 1, "new": None}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_replaces_and_what_is_not_given_stays(organization: Organization, kind: str) -> None:
    contact = make_contact(
        organization,
        external_id="PAT-1",
        email="ann@example.com",
        phone="+48600000001",
        first_name="Ann",
        last_name="Ono",
        title="Dr.",
        locale="pl",
        time_zone="Europe/Warsaw",
        embedded_data={"ward": "A"},
        opted_out_at=NOW,
    )
    before = stored(contact)
    [found] = resolve(
        organization, name_by(kind, contact, last_name="Oh", locale="de", time_zone="Asia/Tokyo"), now=LATER
    )
    changed = {"last_name": "Oh", "locale": "de", "time_zone": "Asia/Tokyo", "updated_at": LATER}
    assert stored(contact) == {**before, **changed}
    assert (found.id, found.time_zone, found.opted_out_at) == (contact.pk, "Asia/Tokyo", NOW)


def test_an_email_is_known_in_any_letter_case_and_takes_the_case_given_last(organization: Organization) -> None:
    contact = make_contact(organization, email="Ann@Example.com")
    [found] = resolve(organization, person(email="ANN@example.COM"))
    contact.refresh_from_db()
    assert found.id == contact.pk
    assert (contact.email, found.email) == ("ANN@example.COM", "ANN@example.COM")


def test_of_a_family_that_shares_an_email_the_one_known_by_nothing_else_is_meant(organization: Organization) -> None:
    make_contact(organization, external_id="mother", email="family@example.com")
    only_email = make_contact(organization, email="Family@example.com")
    make_contact(organization, external_id="child", email="family@example.com")
    [found] = resolve(organization, person(email="family@example.com"))
    assert found.id == only_email.pk
    assert Contact.objects.count() == 3


def test_of_a_family_that_all_have_external_ids_the_oldest_is_meant(organization: Organization) -> None:
    mother = make_contact(organization, external_id="mother", email="family@example.com")
    child = make_contact(organization, external_id="child", email="FAMILY@example.com")
    untouched = stored(child)
    [found] = resolve(organization, person(email="family@example.com", first_name="Eve"))
    mother.refresh_from_db()
    assert found.id == mother.pk
    assert mother.first_name == "Eve"
    assert stored(child) == untouched


def test_an_empty_email_names_nobody(organization: Organization) -> None:
    first = make_contact(organization, external_id="a")
    [found] = resolve(organization, person(external_id="b"))
    assert found.id != first.pk


def test_a_contact_found_by_email_keeps_its_external_id(organization: Organization) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com")
    [found] = resolve(organization, person(email="ann@example.com"))
    assert (found.id, found.external_id) == (contact.pk, "PAT-1")


def test_a_thousand_people_of_every_kind_are_resolved_in_one_go(organization: Organization) -> None:
    known = [make_contact(organization, external_id=f"known-{number}") for number in range(50)]
    people = [person(contact_id=contact.pk) for contact in known]
    people += [person(external_id=f"PAT-{number}", email=f"p{number}@example.com") for number in range(500)]
    people += [person(email=f"Q{number}@example.com") for number in range(350)]
    people += [person(phone=f"+4860000{number:04}") for number in range(100)]
    found = resolve(organization, *people)
    assert len({contact.id for contact in found}) == 1_000
    assert [contact.id for contact in resolve(organization, *people)] == [contact.id for contact in found]
    assert Contact.objects.count() == 1_000


@pytest.mark.parametrize(
    "text", ["%s %(now)s", "Robert'); DROP TABLE contacts_contact;--", "\\u0041 \\", "Zażółć 🙂", '"']
)
def test_texts_are_stored_as_they_are(organization: Organization, text: str) -> None:
    [found] = resolve(organization, person(external_id=text, first_name=text, embedded_data={text: text}))
    contact = Contact.objects.get()
    assert (found.external_id, contact.external_id, contact.first_name) == (text, text, text)
    assert contact.embedded_data == {text: text}
