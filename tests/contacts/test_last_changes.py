"""Contacts are listed by their changes, and a change still writes no index of the contacts (decision 67)."""

from datetime import timedelta

import pytest
from django.db import connection

from contacts.contact_changes import change_contact
from contacts.models import Contact, ContactChange, Organization
from tests.support.contacts import KINDS, NOW, make_contact, name_by, person, resolve

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def assert_times_are_the_contacts() -> None:
    changes = {change.contact_id: (change.organization_id, change.changed_at) for change in ContactChange.objects.all()}
    contacts = Contact.objects.values_list("pk", "organization_id", "updated_at")
    assert changes == {contact_id: (of, updated_at) for contact_id, of, updated_at in contacts}


@pytest.mark.parametrize("kind", KINDS)
def test_each_way_to_name_a_person_keeps_the_time(organization: Organization, kind: str) -> None:
    contact = make_contact(organization, external_id="PAT-1", email="ann@example.com", phone="+48600000001")
    resolve(organization, person(external_id="PAT-2"), person(email="new@example.com"), person(phone="+48600000002"))
    assert_times_are_the_contacts()
    resolve(organization, name_by(kind, contact, first_name="Ann"), now=LATER)
    assert_times_are_the_contacts()


def test_a_contact_that_is_not_changed_keeps_its_time(organization: Organization) -> None:
    resolve(organization, person(external_id="PAT-1", first_name="Ann"))
    resolve(organization, person(external_id="PAT-1", first_name="Ann"), now=LATER)
    assert ContactChange.objects.get().changed_at == NOW


def test_changes_by_models_and_by_queries_keep_the_time(organization: Organization) -> None:
    contact = Contact.objects.create(organization=organization, external_id="PAT-1")
    Contact.objects.bulk_create(Contact(organization=organization, external_id=f"PAT-{n}") for n in (2, 3))
    assert_times_are_the_contacts()
    change_contact(contact.pk, {"first_name": "Ann"})
    assert_times_are_the_contacts()
    Contact.objects.update(opted_out_at=LATER, updated_at=LATER)
    assert_times_are_the_contacts()
    assert {change.changed_at for change in ContactChange.objects.all()} == {LATER}


def test_a_contact_that_is_deleted_leaves_no_change(organization: Organization) -> None:
    resolve(organization, person(external_id="PAT-1"), person(external_id="PAT-2"))
    Contact.objects.get(external_id="PAT-1").delete()
    assert ContactChange.objects.get().contact.external_id == "PAT-2"
    organization.delete()
    assert not ContactChange.objects.exists()


def test_a_merge_writes_no_index_of_the_contacts(organization: Organization) -> None:
    # New contacts fill their pages to four fifths, so that a new version of each row finds room beside the old one.
    resolve(organization, *(person(external_id=f"PAT-{number}", first_name="Ann") for number in range(200)))
    visits = [person(external_id=f"PAT-{number}", embedded_data={"visit": "2026-11"}) for number in range(0, 200, 8)]
    updates_before, without_index_before = count_updates()
    resolve(organization, *visits, now=LATER)
    updates, without_index = count_updates()
    assert (updates - updates_before, without_index - without_index_before) == (25, 25)
    assert_times_are_the_contacts()


def count_updates() -> tuple[int, int]:
    """Count the updates of contacts in this session lately, and those of them that wrote no index (HOT)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'contacts_contact'"
        )
        updates, without_index = cursor.fetchone()
    return updates, without_index
