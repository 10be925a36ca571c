import json
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact, Organization, OrganizationMember, Suppression
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, Response
from tests.support.admin_pages import act, address, faults, listed


@pytest.fixture
def contact(organization: Organization) -> Contact:
    return Contact.objects.create(
        organization=organization, external_id="P-7", email="Jan.Kowalski@Example.com", phone="+48601234567"
    )


@pytest.mark.parametrize(
    "text", ["P-7", " P-7 ", "jan.kowalski@example.com", "JAN.KOWALSKI@EXAMPLE.COM", "+48601234567", "+48 601 234 567"]
)
def test_a_contact_is_found_by_what_is_known_of_it(operator: Client, contact: Contact, text: str) -> None:
    Contact.objects.create(organization=contact.organization, external_id="P-77", email="other@example.com")
    assert listed(operator, Contact, q=text) == [contact]


def test_a_contact_is_found_by_its_id(operator: Client, contact: Contact) -> None:
    assert listed(operator, Contact, q=str(contact.pk)) == [contact]


@pytest.mark.parametrize("text", ["P", "jan.kowalski", "601234567", "%", "nobody@example.com"])
def test_parts_and_strangers_find_nobody(operator: Client, contact: Contact, text: str) -> None:
    assert listed(operator, Contact, q=text) == []


def test_everybody_with_a_shared_address_is_found_in_every_organisation(operator: Client, contact: Contact) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    child = Contact.objects.create(
        organization=other, external_id="P-8", email="jan.kowalski@example.com", phone=contact.phone
    )
    assert set(listed(operator, Contact, q="jan.kowalski@example.com")) == {contact, child}
    assert set(listed(operator, Contact, q=contact.phone)) == {contact, child}


def edited(contact: Contact, **changes: Any) -> dict[str, Any]:
    names = ("external_id", "email", "phone", "first_name", "last_name", "title", "locale", "time_zone")
    return {**{name: getattr(contact, name) for name in names}, "embedded_data": '{"ward": "B"}', **changes}


def test_a_phone_number_is_kept_in_one_spelling(operator: Client, contact: Contact) -> None:
    operator.post(address(contact, "change"), edited(contact, phone="601 234 568"))
    contact.refresh_from_db()
    assert (contact.phone, contact.embedded_data) == ("+48601234568", {"ward": "B"})


def test_saving_writes_what_was_edited_and_no_opt_out(operator: Client, contact: Contact) -> None:
    with CaptureQueriesContext(connection) as captured:
        operator.post(address(contact, "change"), edited(contact, title="Dr"))
    statements = [query["sql"] for query in captured.captured_queries]
    [update] = [sql for sql in statements if sql.startswith('UPDATE "contacts_contact"')]
    assert re.findall(r'"(\w+)" = ', update.partition(" WHERE ")[0]) == ["title", "embedded_data", "updated_at"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"embedded_data": "[1]"}, "embedded_data"),
    ],
)
def test_values_that_the_api_refuses_are_refused(
    operator: Client, contact: Contact, changes: dict[str, str], field: str
) -> None:
    assert list(faults(operator.post(address(contact, "change"), edited(contact, **changes)))) == [field]


def test_a_contact_is_added_by_hand(operator: Client, organization: Organization) -> None:
    data = {"organization": organization.pk, "email": "new@example.com", "phone": "601234567", "embedded_data": "{}"}
    assert operator.post(address(Contact, "add"), data).status_code == 302
    contact = Contact.objects.get()
    assert (contact.external_id, contact.email, contact.phone) == (None, "new@example.com", "+48601234567")
    # An e-mail address alone identifies the contact, so this is the same one.
    assert operator.post(address(Contact, "add"), data).status_code == 200
    assert Contact.objects.count() == 1


def test_opting_out_stops_a_waiting_recipient(operator: Client, carla: Recipient) -> None:
    answer = act(operator, "opt_out", carla.contact)
    assert "Opted out. Contacts: 1." in answer
    carla.refresh_from_db()
    carla.contact.refresh_from_db()
    assert carla.contact.opted_out_at is not None
    assert (carla.state, carla.reason) == ("stopped", "opted_out")
    assert Distribution.objects.get().stopped_count == 1
    assert LogEntry.objects.get(object_id=str(carla.contact.pk)).change_message == "Opted out."
    assert "Contacts: 0." in act(operator, "opt_out", carla.contact)


def test_lifting_an_opt_out_takes_back_what_unsubscribing_closed(operator: Client, anna: Recipient) -> None:
    contact = anna.contact
    unsubscribe(anna.code, "unsubscribe page", database_now())
    Suppression.objects.create(
        organization=contact.organization, channel="email", address="other@example.com", reason="unsubscribe"
    )
    assert "Opt-out lifted. Contacts: 1." in act(operator, "lift_opt_out", contact)
    contact.refresh_from_db()
    assert contact.opted_out_at is None
    assert list(Suppression.objects.values_list("address", flat=True)) == ["other@example.com"]
    assert LogEntry.objects.get(object_id=str(contact.pk)).change_message == "Opt-out lifted."


@pytest.mark.parametrize("reason", ["stop", "bounce", "manual", "import"])
def test_lifting_an_opt_out_leaves_other_suppressions(operator: Client, anna: Recipient, reason: str) -> None:
    contact = anna.contact
    Suppression.objects.create(organization=contact.organization, channel="email", address=contact.email, reason=reason)
    unsubscribe(anna.code, "unsubscribe page", database_now())
    act(operator, "lift_opt_out", contact)
    contact.refresh_from_db()
    assert contact.opted_out_at is None
    assert Suppression.objects.get().reason == reason


def test_an_action_never_applies_to_all_rows(operator: Client, contact: Contact) -> None:
    data = {"action": "opt_out", "_selected_action": [contact.pk], "select_across": "1"}
    answer = operator.post(address(Contact, "changelist"), data, follow=True)
    assert "Select the rows to change." in answer.content.decode()
    contact.refresh_from_db()
    assert contact.opted_out_at is None


def test_a_contact_links_to_its_recipients(operator: Client, anna: Recipient) -> None:
    page = operator.get(address(anna.contact, "change")).content.decode()
    assert address(Recipient, "changelist", contact=anna.contact.pk) in page
    assert listed(operator, Recipient, contact=anna.contact.pk) == [anna]


def test_an_erased_contact_is_not_edited(operator: Client, contact: Contact) -> None:
    erase_contact(contact.pk, database_now())
    assert operator.get(address(contact, "change")).status_code == 200
    assert operator.post(address(contact, "change"), edited(contact)).status_code == 403
    contact.refresh_from_db()
    assert contact.email == ""


def test_an_operator_reads_everything_known_of_a_contact(operator: Client, anna: Recipient, response: Response) -> None:
    address_of_export = reverse("admin:contacts_contact_export", args=[anna.contact.pk])
    assert address_of_export in operator.get(address(anna.contact, "change")).content.decode()
    page = operator.get(address_of_export).getvalue().decode()
    assert "anna@example.com" in page
    assert "Kind people" in page
    assert "bob" not in page
    exported = json.loads(operator.get(address_of_export, {"format": "json"}).getvalue())
    assert exported["journeys"][0]["responses"][0]["answers"] == {"rating": 9, "comment": "Kind people"}


def test_who_may_only_look_exports_nothing(anna: Recipient) -> None:
    viewer = User.objects.create_user("vera", is_staff=True)
    OrganizationMember.objects.create(organization=anna.contact.organization, user=viewer, role="viewer")
    browser = Client()
    browser.force_login(viewer)
    assert browser.get(reverse("admin:contacts_contact_export", args=[anna.contact.pk])).status_code == 403
    assert "/export/" not in browser.get(address(anna.contact, "change")).content.decode()


def test_erasing_is_asked_twice(operator: Client, anna: Recipient) -> None:
    contact = anna.contact
    shared = Contact.objects.create(organization=contact.organization, external_id="ben", email=contact.email)
    page = act(operator, "erase", contact)
    assert "This cannot be undone" in page
    assert "ben" in page
    assert not Contact.objects.exclude(erased_at=None).exists()
    data = {"action": "erase", "_selected_action": [contact.pk], "erase_confirmed": "yes"}
    answer = operator.post(address(Contact, "changelist"), data, follow=True)
    assert "Erased. Contacts: 1." in answer.content.decode()
    assert list(Contact.objects.exclude(erased_at=None)) == [contact]
    assert "anna" not in LogEntry.objects.get(object_id=str(contact.pk)).object_repr
    assert Contact.objects.get(pk=shared.pk).email == "anna@example.com"


def test_everybody_with_a_persons_address_is_erased_if_the_operator_says_so(operator: Client, anna: Recipient) -> None:
    Contact.objects.create(organization=anna.contact.organization, external_id="ben", email=anna.contact.email)
    data = {"action": "erase", "_selected_action": [anna.contact.pk], "erase_confirmed": "yes", "with_shared": "yes"}
    assert "Contacts: 2." in operator.post(address(Contact, "changelist"), data, follow=True).content.decode()
    assert not Contact.objects.filter(email="anna@example.com").exists()
