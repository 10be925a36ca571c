"""`messageText` of a send instead of a message of the library, and subjects that are messages."""

from typing import Any

import pytest
from django.test import Client

from channels.models import KeptText, SandboxMessage, Template, TemplateVariant
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.audience.clone import clone
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient, Step
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, faults_of, result_of
from tests.support.engine.people import arm_follow_ups, dispatch

HTML = '<p>Hello ${m://FirstName}</p><a href="${l://SurveyURL}">Answer</a> ${l://SurveyLink?d=Here} ${e://Field/ward}'


def with_text(body: dict[str, Any], text: str, **header: str) -> dict[str, Any]:
    return {**body, "message": {"messageText": text}, "header": header}


def texts() -> list[str]:
    arm_follow_ups()
    dispatch()
    found = [message.text for message in SandboxMessage.objects.order_by("to")]
    SandboxMessage.objects.all().delete()
    return found


def test_a_send_brings_its_own_html(client: Client, send_body: dict[str, Any]) -> None:
    body = with_text(send_body, HTML, subject="How was it, ${m://FirstName}?")
    made = result_of(call(client, "POST", "distributions", {**body, "embeddedData": {"ward": "B"}}))
    dispatch()
    message = SandboxMessage.objects.order_by("to")[0]
    link = f"http://localhost:8000/p/{Recipient.objects.order_by('id')[0].code}"
    assert message.subject == "How was it, Person 0?"
    assert message.html.startswith(f'<p>Hello Person 0</p><a href="{link}">Answer</a> <a href="{link}">Here</a> B')
    assert f"Answer: {link}" in message.text
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))["message"]
    assert (shown["messageId"], "${m://FirstName}" in shown["messageText"]) == (None, True)


def test_a_text_message_and_a_reminder_bring_their_own_texts(
    client: Client, send_body: dict[str, Any], sms_body: dict[str, Any]
) -> None:
    text = {"message": {"messageText": "How was it? ${l://SurveyURL}"}}
    made = result_of(call(client, "POST", "distributions/sms", {**sms_body, **text}))
    shown = result_of(call(client, "GET", f"distributions/sms/{made['id']}"))["message"]
    assert shown["messageText"] == text["message"]["messageText"]
    assert all(told.startswith("How was it? http") for told in texts())
    parent = result_of(call(client, "POST", "distributions", send_body))["id"]
    texts()
    path = f"distributions/{parent}/reminders"
    made = result_of(call(client, "POST", path, {"message": {"messageText": "Again ${l://SurveyURL}"}}))
    assert all(told.startswith("Again http") for told in texts())
    shown = result_of(call(client, "GET", f"distributions/{made['distributionId']}"))
    assert shown["message"]["messageText"] == "Again ${l://SurveyURL}"


def test_the_same_text_is_kept_once_and_hidden_from_lists(
    client: Client, send_body: dict[str, Any], organization: Organization
) -> None:
    named = set(Template.objects.values_list("pk", flat=True))
    ids = [
        result_of(call(client, "POST", "distributions", with_text(send_body, text)))["id"]
        for text in ("A ${l://SurveyURL}", "A ${l://SurveyURL}", "B ${l://SurveyURL}")
    ]
    assert len(set(ids)) == 3
    assert Template.with_automatic.exclude(text_key=None).count() == 2
    automatic = Step.objects.filter(template__text_key__isnull=False)[0].template_id
    assert {row["id"] for row in client.get("/api/v1/templates").json()["items"]} == {str(key) for key in named}
    assert client.get(f"/api/v1/templates/{automatic}").status_code == 404
    library = f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages"
    assert {row["id"] for row in elements_of(call(client, "GET", library))} == {
        public_id(Kind.MESSAGE, key) for key in named
    }
    message_id = public_id(Kind.MESSAGE, automatic)
    assert call(client, "GET", f"{library}/{message_id}").status_code == 404
    body = {**send_body, "message": {"messageId": message_id}}
    assert faults_of(call(client, "POST", "distributions", body)) == [("/message/messageId", "message_not_found")]


def test_a_refused_send_and_a_dry_run_keep_no_text(
    client: Client, send_body: dict[str, Any], organization: Organization
) -> None:
    body = with_text(send_body, "Hello ${e://Field/ward} ${l://SurveyURL}")
    answer = result_of(call(client, "POST", "distributions", {**body, "dryRun": True}))
    assert "contact:ward" in str(answer)
    stranger = public_id(Kind.CONTACT, Contact.objects.create(organization=organization, email="x@example.com").pk)
    answer = call(client, "POST", "distributions", changed(body, "/recipients/contactId", stranger))
    assert faults_of(answer) == [("/recipients/contactId", "contact_not_on_list")]
    assert not Template.with_automatic.exclude(text_key=None).exists()


def test_a_clone_has_the_text(client: Client, send_body: dict[str, Any]) -> None:
    result_of(call(client, "POST", "distributions", with_text(send_body, "A ${l://SurveyURL}")))
    texts()
    clone(Distribution.objects.get(), None, database_now(), source="test")
    assert all(told.startswith("A http") for told in texts())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"message": {"messageText": "No link"}}, ("/message/messageText", "no_link")),
        (
            {"message": {"messageText": "${m://Nobody} ${l://SurveyURL}"}},
            ("/message/messageText", "unknown_placeholder"),
        ),
        ({"message": {"messageText": " "}}, ("/message/messageId", "missing")),
        ({"message": {}}, ("/message/messageId", "missing")),
        ({"header": {"subject": "MS_000000000000000"}}, ("/header/subject", "message_not_found")),
    ],
)
def test_texts_that_cannot_be_sent_are_refused(
    client: Client, send_body: dict[str, Any], change: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults_of(call(client, "POST", "distributions", {**send_body, **change})) == [fault]
    assert not Distribution.objects.exists()


def test_thanks_need_no_link(client: Client, send_body: dict[str, Any]) -> None:
    parent = result_of(call(client, "POST", "distributions", send_body))["id"]
    made = call(client, "POST", f"distributions/{parent}/thankyous", {"message": {"messageText": "Thank you!"}})
    assert set(result_of(made)) == {"distributionId"}


def test_a_subject_may_be_a_messages(
    client: Client, send_body: dict[str, Any], templates: dict[Channel, Template]
) -> None:
    message_id = public_id(Kind.MESSAGE, templates[Channel.EMAIL].pk)
    TemplateVariant.objects.filter(template=templates[Channel.EMAIL]).update(subject="Your visit, ${contact:firstName}")
    body = with_text(send_body, "A ${l://SurveyURL}", subject=message_id)
    made = result_of(call(client, "POST", "distributions", body))
    dispatch()
    assert SandboxMessage.objects.order_by("to")[0].subject == "Your visit, Person 0"
    headers = result_of(call(client, "GET", f"distributions/{made['id']}"))["headers"]
    assert headers["subjectMessage"] == {"messageId": message_id, "libraryId": send_body["message"]["libraryId"]}
    sms = {**body["header"], "subject": public_id(Kind.MESSAGE, templates[Channel.SMS].pk)}
    answer = call(client, "POST", "distributions", {**body, "header": sms})
    assert faults_of(answer) == [("/header/subject", "message_without_subject")]


def test_erasing_a_person_takes_their_words_from_own_texts(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    body = with_text(send_body, "For p1@example.com: ${l://SurveyURL}")
    made = result_of(call(client, "POST", "distributions", body))
    erase_contact(crowd[1].pk, database_now())
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))["message"]
    assert shown["messageText"] == "For [erased]: ${l://SurveyURL}"
    assert not KeptText.objects.filter(text__contains="p1@").exists()
    result_of(call(client, "POST", "distributions", body))
    assert Template.with_automatic.exclude(text_key=None).count() == 2
