"""`embeddedData` of a send: over what is known of each person, for this distribution only."""

from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage, TemplateVariant
from contacts.models import Contact
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Recipient
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, faults_of, result_of
from tests.support.engine.people import arm_follow_ups, dispatch


@pytest.fixture(autouse=True)
def told(send_body: dict[str, Any], crowd: list[Contact]) -> None:
    """Texts that name the data, and a contact who has some."""
    TemplateVariant.objects.update(subject="", text="${contact:ward} ${contact:season|-} ${link}", html="")
    Contact.objects.filter(pk=crowd[0].pk).update(embedded_data={"ward": "A", "bed": 1})


def send(client: Client, body: dict[str, Any], **data: Any) -> str:
    """Send with the data, and return the distribution's path."""
    made = result_of(call(client, "POST", "distributions", {**body, "embeddedData": data}))
    return f"distributions/{made['id']}"


def texts() -> list[str]:
    arm_follow_ups()
    dispatch()
    found = [message.text.rsplit(" ", 1)[0] for message in SandboxMessage.objects.order_by("to")]
    SandboxMessage.objects.all().delete()
    return found


def to_one(body: dict[str, Any], contact: Contact) -> dict[str, Any]:
    return changed(body, "/recipients/contactId", public_id(Kind.CONTACT, contact.pk))


def test_data_of_a_send_is_in_its_texts_links_and_responses(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    path = send(client, send_body, ward="B", season="spring")
    assert texts() == ["B spring"] * 5
    assert result_of(call(client, "GET", path))["embeddedData"] == {"ward": "B", "season": "spring"}
    code = Recipient.objects.get(contact=crowd[0]).code
    link = find_link(code, database_now())
    assert link is not None
    assert link.attributes == {"ward": "B", "season": "spring", "bed": 1}
    assert record_response(code, {}, database_now()).attributes == link.attributes
    assert Contact.objects.get(pk=crowd[0].pk).embedded_data == {"ward": "A", "bed": 1}


def test_data_of_a_send_by_text_message_and_of_links(
    client: Client, sms_body: dict[str, Any], links_body: dict[str, Any]
) -> None:
    for path, body in (("distributions/sms", sms_body), ("distributions", links_body)):
        result_of(call(client, "POST", path, {**body, "embeddedData": {"ward": "C"}}))
        assert Distribution.objects.order_by("-id")[0].attributes == {"ward": "C"}
    assert texts() == ["C -"] * 5


def test_data_of_a_reminder_is_added_to_its_distributions(client: Client, send_body: dict[str, Any]) -> None:
    path = send(client, send_body, ward="B", season="spring")
    texts()
    body = {"message": send_body["message"], "embeddedData": {"season": "summer"}}
    made = result_of(call(client, "POST", f"{path}/reminders", body))
    assert texts() == ["B summer"] * 5
    for shown in (path, f"distributions/{made['distributionId']}"):
        assert result_of(call(client, "GET", shown))["embeddedData"] == {"ward": "B", "season": "summer"}


def test_data_of_a_reminder_to_one_contact_is_that_contacts(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    path = send(client, send_body, ward="B")
    texts()
    one = {"message": send_body["message"], "contactId": public_id(Kind.CONTACT, crowd[3].pk)}
    result_of(call(client, "POST", f"{path}/reminders", {**one, "embeddedData": {"season": "summer"}}))
    assert texts() == ["B summer"]
    result_of(call(client, "POST", f"{path}/reminders", {"message": send_body["message"]}))
    assert texts() == ["B -", "B -", "B -", "B summer", "B -"]


def test_a_reminder_adds_at_most_as_much_data_as_a_send_has(client: Client, send_body: dict[str, Any]) -> None:
    path = send(client, send_body, **{f"old{number}": "" for number in range(160)})
    texts()
    data = {f"new{number}": "" for number in range(41)}
    body = {"message": send_body["message"], "embeddedData": data}
    assert faults_of(call(client, "POST", f"{path}/reminders", body)) == [("/embeddedData", "too_many_keys")]
    assert Distribution.objects.get().follow_up_count == 0


def test_erasing_a_person_empties_the_data_of_a_send_to_them_alone(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    own = send(client, to_one(send_body, crowd[1]), ward="B")
    shared = send(client, send_body, ward="B", told_by="p1@example.com")
    erase_contact(crowd[1].pk, database_now())
    assert result_of(call(client, "GET", own))["embeddedData"] == {}
    assert result_of(call(client, "GET", shared))["embeddedData"] == {"ward": "B", "told_by": "[erased]"}
    result_of(call(client, "POST", f"{own}/reminders", {"message": send_body["message"], "embeddedData": {"a": "1"}}))
    assert result_of(call(client, "GET", own))["embeddedData"] == {}


def test_data_for_a_person_who_was_left_out_and_erased_is_not_stored(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    Contact.objects.filter(pk=crowd[1].pk).update(opted_out_at=database_now())
    own = send(client, to_one(send_body, crowd[1]), ward="B")
    assert Distribution.objects.get().skipped_count == 1
    erase_contact(crowd[1].pk, database_now())
    result_of(call(client, "POST", f"{own}/reminders", {"message": send_body["message"], "embeddedData": {"a": "1"}}))
    assert result_of(call(client, "GET", own))["embeddedData"] == {}


def test_the_dry_run_knows_the_data(client: Client, send_body: dict[str, Any]) -> None:
    TemplateVariant.objects.update(text="${contact:ward} ${link}")
    gaps = []
    for data in ({}, {"ward": "B"}):
        answer = result_of(call(client, "POST", "distributions", {**send_body, "embeddedData": data, "dryRun": True}))
        gaps.append(str(answer).count("contact:ward"))
    assert gaps[0] > 0
    assert gaps[1] == 0
