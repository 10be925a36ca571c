"""Accepted single sends: the answer, and what is stored."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage, Template, TemplateVariant
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision, Distribution, Recipient, Survey
from tests.conformance.published import published
from tests.support.api.single_send import Send
from tests.support.engine.people import dispatch, make_due

PUBLISHED_BODY = published("single_send_request")
ANN = {"email": "ann@example.com"}


@pytest.fixture
def body(survey: Survey) -> dict[str, Any]:
    return {"form_id": str(survey.pk), "recipients": [ANN]}


def test_the_published_call_stores_the_texts_of_message_and_thank_you_page(
    send: Send, survey: Survey, templates: dict[Channel, Template]
) -> None:
    """The published call with its times moved into the future."""
    TemplateVariant.objects.filter(template=templates[Channel.EMAIL], locale="pl").update(
        html="<p>${contact:name}: ${intro}</p>", text="${contact:plan} ${intro|-} ${link}"
    )
    known = json.loads(PUBLISHED_BODY)
    now = database_now()
    known["form_id"] = str(survey.pk)
    known["scheduled_at"] = (now + timedelta(hours=1)).isoformat()
    known["expires_at"] = (now + timedelta(days=1)).isoformat()
    [item] = send(known).json()["items"]
    dispatch()
    assert not SandboxMessage.objects.exists()
    make_due()
    dispatch()
    message = SandboxMessage.objects.get()
    assert (message.to, message.to_name) == ("jane@example.com", "Jane Doe")
    assert message.subject == "We would love your feedback!"
    assert message.html == "<p>Jane Doe: It will only take a minute.</p>"
    assert message.text == f"pro It will only take a minute. {item['link']}"
    path = item["link"].removeprefix("http://localhost:8000")
    visitor = Client()
    assert visitor.post(path, {"score": "10"}).status_code == 303
    thanks = visitor.get(f"{path}/thanks").content.decode()
    assert "Thank you for your time!" in thanks
    assert '<a class="button" href="https://app.example.com" rel="noreferrer">Back to app</a>' in thanks


def test_a_links_thank_you_texts_and_attributes_are_readable(send: Send, survey: Survey, client: Client) -> None:
    known = {**json.loads(PUBLISHED_BODY), "form_id": str(survey.pk)}
    [item] = send(known).json()["items"]
    context = client.get(f"/api/v1/links/{item['link'][-12:]}").json()
    assert context["thankYou"] == {
        "message": "Thank you for your time!",
        "linkText": "Back to app",
        "linkUrl": "https://app.example.com",
    }
    assert (context["attributes"], context["locale"]) == ({"plan": "pro", "country": "US"}, "pl")


def test_omitted_fields_have_the_published_defaults(send: Send, survey: Survey, body: dict[str, Any]) -> None:
    Survey.objects.filter(pk=survey.pk).update(default_locale="de")
    answer = send(body)
    recipient = Recipient.objects.get()
    assert answer.json() == {
        "items": [
            {
                "email": "ann@example.com",
                "name": None,
                "channel": "email",
                "locale": "de",
                "link": f"http://localhost:8000/p/{recipient.code}",
                "scheduled_at": None,
                "expires_at": None,
                "type": "one_time",
                "attributes": {},
            }
        ]
    }
    distribution = Distribution.objects.get()
    assert (distribution.source, distribution.link_type, distribution.expires_at) == ("single_send", "one_time", None)
    assert (recipient.state, recipient.wording, recipient.baseline_sent_at) == ("waiting", None, None)
    dispatch()
    assert SandboxMessage.objects.get().to == "ann@example.com"


def test_null_and_blank_texts_count_as_not_given(send: Send, body: dict[str, Any]) -> None:
    [plain] = send(body).json()["items"]
    nothing = dict.fromkeys(("phone_number", "name", "locale", "last_sent_at", "attributes"))
    for recipient in ({**ANN, **nothing}, {**ANN, "name": "", "locale": "", "phone_number": ""}):
        root = dict.fromkeys(("channel", "send", "scheduled_at", "expires_at", "type"))
        [item] = send({**body, **root, "recipients": [recipient]}).json()["items"]
        assert {**item, "link": plain["link"]} == plain


def test_unknown_keys_are_ignored(send: Send, body: dict[str, Any]) -> None:
    assert send({**body, "more": {}, "recipients": [{**ANN, "plan": 1}]}).status_code == 201


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_sms_and_whatsapp_need_only_a_phone(send: Send, survey: Survey, channel: str) -> None:
    recipients = [{"phone_number": "+17132746524", "name": "Jane Doe"}]
    known = {"form_id": str(survey.pk), "channel": channel, "recipients": recipients}
    [item] = send(known).json()["items"]
    assert (next(iter(item)), item["phone_number"], item["channel"]) == ("phone_number", "+17132746524", channel)
    assert "email" not in item
    again = send(known).json()["items"][0]
    assert again["link"] != item["link"]
    contact = Contact.objects.get()
    assert (contact.phone, contact.email, contact.first_name, contact.last_name) == ("+17132746524", "", "Jane", "Doe")
    dispatch()
    assert {(message.channel, message.to) for message in SandboxMessage.objects.all()} == {(channel, "+17132746524")}


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Jane Doe", "Jane", "Doe"), ("Jan van der Berg", "Jan", "van der Berg"), (" Jane ", "Jane", ""), ("", "", "")],
)
def test_a_full_name_is_split_at_its_first_space(
    send: Send, body: dict[str, Any], name: str, first: str, last: str
) -> None:
    send({**body, "recipients": [{**ANN, "name": name}]})
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == (first, last)


def test_attributes_do_not_change_the_contact(send: Send, body: dict[str, Any]) -> None:
    attributes = {"plan": "pro", "score": [1, None], "email_subject": "Once"}
    send({**body, "recipients": [{**ANN, "attributes": attributes}]})
    send(body)
    first, second = Recipient.objects.order_by("id")
    assert (first.attributes, first.wording) == ({"plan": "pro", "score": [1, None]}, {"subject": "Once"})
    assert (second.attributes, second.wording) == ({}, None)
    assert Contact.objects.get().embedded_data == {}
    dispatch()
    subjects = SandboxMessage.objects.order_by("id").values_list("subject", flat=True)
    assert set(subjects) == {"Once", "Your stay"}


def test_placeholders_in_a_custom_subject_are_not_filled(send: Send, body: dict[str, Any]) -> None:
    send({**body, "recipients": [{**ANN, "attributes": {"email_subject": "${link} \t ${contact:email}"}}]})
    dispatch()
    assert SandboxMessage.objects.get().subject == "${link} ${contact:email}"


def test_an_introduction_is_escaped_in_html(
    send: Send, body: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    TemplateVariant.objects.filter(template=templates[Channel.EMAIL]).update(html="<p>${intro}</p>")
    send({**body, "recipients": [{**ANN, "attributes": {"intro_message": "<script>${link}"}}]})
    dispatch()
    assert SandboxMessage.objects.get().html == "<p>&lt;script&gt;${link}</p>"


def test_without_send_recipients_get_links_and_no_messages(send: Send, body: dict[str, Any]) -> None:
    answer = send({**body, "send": False, "scheduled_at": "2030-01-01T00:00:00Z"})
    [item] = answer.json()["items"]
    assert (answer.status_code, item["scheduled_at"]) == (201, None)
    make_due()
    dispatch()
    assert not SandboxMessage.objects.exists()
    distribution = Distribution.objects.get()
    assert (Recipient.objects.get().state, distribution.registered_count) == ("registered", 1)
    assert distribution.scheduled_at is None


def test_a_response_to_a_registered_link_is_accepted(send: Send, body: dict[str, Any], client: Client) -> None:
    recipients = [{**ANN, "attributes": {"plan": "pro"}}]
    [item] = send({**body, "send": False, "recipients": recipients}).json()["items"]
    path = f"/api/v1/links/{item['link'][-12:]}/responses"
    answer = client.post(path, json.dumps({"answers": {"nps": 9}}), content_type="application/json")
    assert answer.status_code == 201
    recipient = Recipient.objects.get()
    assert recipient.responded_at is not None
    assert recipient.responses.get().attributes == {"plan": "pro"}


def test_an_expired_send_gets_closed_links_and_no_messages(send: Send, body: dict[str, Any]) -> None:
    [item] = send({**body, "expires_at": "2024-09-15T23:59:59Z"}).json()["items"]
    dispatch()
    assert not SandboxMessage.objects.exists()
    assert Client().get(item["link"].removeprefix("http://localhost:8000")).status_code == 410


@pytest.mark.parametrize("text", ["2030-09-01T11:00:00.5+02:00", "2030-09-01T09:00:00.500", "2030-09-01 09:00:00.5Z"])
def test_times_are_answered_in_utc_with_microseconds(send: Send, body: dict[str, Any], text: str) -> None:
    [item] = send({**body, "scheduled_at": text, "expires_at": "2031-01-01T00:00:00Z"}).json()["items"]
    assert item["scheduled_at"] == "2030-09-01T09:00:00.500000Z"
    assert item["expires_at"] == "2031-01-01T00:00:00.000000Z"
    assert Distribution.objects.get().scheduled_at == datetime(2030, 9, 1, 9, 0, 0, 500_000, tzinfo=UTC)


def test_anonymous_links_are_anonymous(send: Send, body: dict[str, Any]) -> None:
    [item] = send({**body, "type": "anonymous"}).json()["items"]
    assert (item["type"], Distribution.objects.get().link_type) == ("anonymous", "anonymous")


def test_a_second_survey_within_the_interval_is_accepted_and_throttled(
    send: Send, body: dict[str, Any], organization: Organization
) -> None:
    Organization.objects.filter(pk=organization.pk).update(throttle_minutes=60)
    send(body)
    dispatch()
    answer = send(body)
    assert (answer.status_code, len(answer.json()["items"])) == (201, 1)
    dispatch()
    assert SandboxMessage.objects.count() == 1
    last = Recipient.objects.order_by("-id").select_related("batch").first()
    assert last is not None
    assert last.state == "waiting"
    assert timedelta(minutes=58) < last.batch.due_at - database_now() <= timedelta(minutes=61)


def test_last_sent_at_is_the_baseline_of_the_throttle(
    send: Send, body: dict[str, Any], organization: Organization
) -> None:
    Organization.objects.filter(pk=organization.pk).update(throttle_minutes=60)
    lately, long_ago = (database_now() - timedelta(minutes=minutes) for minutes in (20, 90))
    recipients = [
        {"email": "lately@example.com", "last_sent_at": lately.isoformat()},
        {"email": "long.ago@example.com", "last_sent_at": long_ago.isoformat()},
    ]
    assert len(send({**body, "recipients": recipients}).json()["items"]) == 2
    dispatch()
    assert [message.to for message in SandboxMessage.objects.all()] == ["long.ago@example.com"]
    waiting = Recipient.objects.select_related("batch").get(state="waiting")
    assert timedelta(minutes=38) < waiting.batch.due_at - database_now() <= timedelta(minutes=41)


def test_the_same_address_twice_is_one_recipient_with_the_later_values(send: Send, body: dict[str, Any]) -> None:
    twice = [
        {"email": "Ann@example.com", "name": "Ann", "attributes": {"plan": "pro", "a": 1, "intro_message": "Hi"}},
        {"email": "bob@example.com"},
        {"email": "ann@example.com", "locale": "de", "attributes": {"plan": "free"}},
    ]
    first, second = send({**body, "recipients": twice}).json()["items"]
    assert (first["email"], first["name"], first["locale"]) == ("ann@example.com", "Ann", "de")
    assert first["attributes"] == {"plan": "free", "a": 1, "intro_message": "Hi"}
    assert second["email"] == "bob@example.com"
    stored = Recipient.objects.get(contact__email="ann@example.com")
    assert (stored.attributes, stored.wording) == ({"plan": "free", "a": 1}, {"intro": "Hi"})


def test_a_contact_with_two_given_addresses_is_answered_once(send: Send, survey: Survey) -> None:
    recipients = [{"email": "ann@example.com", "phone_number": "+17132746524"}, {"phone_number": "+17132746524"}]
    [item] = send({"form_id": str(survey.pk), "channel": "sms", "recipients": recipients}).json()["items"]
    assert (item["email"], item["phone_number"]) == ("ann@example.com", "+17132746524")
    assert Recipient.objects.count() == 1


def test_skipped_recipients_are_listed_beside_the_items(
    send: Send, body: dict[str, Any], organization: Organization
) -> None:
    Contact.objects.create(organization=organization, email="out@example.com", opted_out_at=database_now())
    answer = send({**body, "recipients": [{"email": "out@example.com"}, ANN]}).json()
    assert [item["email"] for item in answer["items"]] == ["ann@example.com"]
    [skipped] = answer["skipped"]
    assert (skipped["email"], skipped["reason"]) == ("out@example.com", "opted_out")
    assert Decision.objects.get().reason == "opted_out"


def test_a_call_takes_a_thousand_recipients_in_order(send: Send, body: dict[str, Any]) -> None:
    names = [f"p{number:03}@example.com" for number in range(1_000)][::-1]
    items = send({**body, "recipients": [{"email": name} for name in names]}).json()["items"]
    assert [item["email"] for item in items] == names
    assert len({item["link"] for item in items}) == 1_000
    assert all(re.fullmatch(r"http://localhost:8000/p/[0-9A-Za-z]{12}", item["link"]) for item in items)


def test_without_an_introduction_the_templates_default_is_used(
    send: Send, body: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    TemplateVariant.objects.filter(template=templates[Channel.EMAIL]).update(text="${intro|It takes a minute.}${intro}")
    send(body)
    dispatch()
    assert SandboxMessage.objects.get().text == "It takes a minute."
