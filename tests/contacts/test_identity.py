from datetime import timedelta
from typing import Any

import pytest

from contacts.identity import EmailsTaken, UnknownContacts
from contacts.ids import new_id
from contacts.models import Contact, Organization
from tests.contacts.people import NOW, make_contact, person, resolve, stored

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def stranger(db: None) -> Organization:
    return Organization.objects.create(name="Somebody else", slug="somebody-else")


def test_a_new_external_id_makes_a_contact_with_all_that_is_given(organization: Organization) -> None:
    [found] = resolve(
        organization,
        person(
            external_id="PAT-1",
            email="Ann@Example.com",
            phone="+48600000001",
            first_name="Ann",
            last_name="Ono",
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
        "title": "",
        "locale": "",
        "time_zone": "",
        "embedded_data": {"ward": "B", "visits": 3, "flags": [True, None]},
        "opted_out_at": None,
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
    named = [(found.external_id, found.email) for found in resolve(organization, *people)]
    assert named == [(None, "z@example.com"), ("b", ""), ("known", ""), (None, "a@example.com"), ("a", "")]


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


KINDS = ["id", "external_id", "email"]


def name_by(kind: str, contact: Contact, **said: Any) -> Any:
    """The contact as a call names it by one kind of key."""
    key: dict[str, dict[str, Any]] = {
        "id": {"contact_id": contact.pk},
        "external_id": {"external_id": contact.external_id},
        "email": {"email": contact.email},
    }
    return person(**{**key[kind], **said})


@pytest.mark.parametrize("kind", KINDS)
def test_embedded_data_is_merged_key_by_key(organization: Organization, kind: str) -> None:
    old = {"ward": "A", "doctor": {"name": "Smith", "floor": 2}, "left": 1}
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com", embedded_data=old)
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
    [found] = resolve(organization, name_by(kind, contact, last_name="Oh", phone="+48600000002"), now=LATER)
    changed = {"last_name": "Oh", "phone": "+48600000002", "updated_at": LATER}
    assert stored(contact) == {**before, **changed}
    assert (found.id, found.phone, found.opted_out_at) == (contact.pk, "+48600000002", NOW)


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


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_key_twice_is_one_contact_and_the_later_values_win(organization: Organization, kind: str) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com")
    found = resolve(
        organization,
        name_by(kind, contact, first_name="Ann", phone="+48600000001", embedded_data={"a": 1, "b": 1}),
        name_by(kind, contact, first_name="Anna", last_name="Ono", embedded_data={"b": 2, "c": 2}),
    )
    contact.refresh_from_db()
    assert [one.id for one in found] == [contact.pk] * 2
    assert (contact.first_name, contact.last_name, contact.phone) == ("Anna", "Ono", "+48600000001")
    assert contact.embedded_data == {"a": 1, "b": 2, "c": 2}
    assert Contact.objects.count() == 1


def test_a_new_email_twice_in_other_letter_cases_is_one_contact(organization: Organization) -> None:
    found = resolve(organization, person(email="ann@example.com"), person(email="Ann@Example.com"))
    assert len({one.id for one in found}) == 1
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
    assert {(one.id, one.phone) for one in found} == {(contact.pk, "+48600000003")}
    assert (contact.phone, contact.first_name, contact.last_name) == ("+48600000003", "by e-mail", "by id")
    assert contact.embedded_data == {"i": 1, "x": 1, "e": 1, "all": "e"}


def test_an_email_finds_the_contact_that_the_same_call_makes_by_external_id(organization: Organization) -> None:
    found = resolve(organization, person(email="ann@example.com"), person(external_id="PAT-1", email="Ann@example.com"))
    assert len({one.id for one in found}) == 1
    assert Contact.objects.count() == 1


def test_an_email_that_only_the_same_call_has_changed_is_found(organization: Organization) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="old@example.com")
    found = resolve(
        organization, person(email="new@example.com"), person(contact_id=contact.pk, email="new@example.com")
    )
    assert [one.id for one in found] == [contact.pk] * 2


def test_unknown_ids_are_all_named_and_nothing_is_written(organization: Organization) -> None:
    known = make_contact(organization, external_id="PAT-1", email="ann@example.com")
    before = stored(known)
    unknown = [new_id(), new_id()]
    with pytest.raises(UnknownContacts) as raised:
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
    with pytest.raises(UnknownContacts) as raised:
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
    assert not {one.id for one in found} & {contact.pk for contact in theirs}
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
    with pytest.raises(EmailsTaken) as raised:
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
    with pytest.raises(EmailsTaken) as raised:
        resolve(organization, *(person(contact_id=one.pk, email="new@example.com") for one in (ann, bob)))
    assert raised.value.ids == {ann.pk, bob.pk}
    assert set(Contact.objects.values_list("email", flat=True)) == {"ann@example.com", "bob@example.com"}


def test_a_refused_email_leaves_the_callers_transaction_usable(organization: Organization) -> None:
    ann, _bob = (make_contact(organization, email=f"{name}@example.com") for name in ("ann", "bob"))
    with pytest.raises(EmailsTaken):
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


def test_a_thousand_people_of_every_kind_are_resolved_in_one_go(organization: Organization) -> None:
    known = [make_contact(organization, external_id=f"known-{number}") for number in range(50)]
    people = [person(contact_id=contact.pk) for contact in known]
    people += [person(external_id=f"PAT-{number}", email=f"p{number}@example.com") for number in range(500)]
    people += [person(email=f"Q{number}@example.com") for number in range(450)]
    found = resolve(organization, *people)
    assert len({one.id for one in found}) == 1_000
    assert [one.id for one in resolve(organization, *people)] == [one.id for one in found]
    assert Contact.objects.count() == 1_000


@pytest.mark.parametrize(
    "text", ["%s %(now)s", "Robert'); DROP TABLE contacts_contact;--", "\\u0041 \\", "Zażółć 🙂", '"']
)
def test_texts_are_stored_as_they_are(organization: Organization, text: str) -> None:
    [found] = resolve(organization, person(external_id=text, first_name=text, embedded_data={text: text}))
    contact = Contact.objects.get()
    assert (found.external_id, contact.external_id, contact.first_name) == (text, text, text)
    assert contact.embedded_data == {text: text}
