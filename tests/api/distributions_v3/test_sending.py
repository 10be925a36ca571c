"""Sends by e-mail and text message."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage
from contacts.models import Contact
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Recipient
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import dispatch


def test_an_email_goes_to_everybody_on_a_list_with_its_own_header(client: Client, send_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions", send_body))
    assert set(made) == {"id"}
    assert is_id("EMD", made["id"])
    dispatch()
    messages = SandboxMessage.objects.order_by("to")
    assert [message.to for message in messages] == [f"p{number}@example.com" for number in range(5)]
    assert messages[0].subject == "How was it, Person 0?"
    assert (messages[0].sender, messages[0].headers["Reply-To"]) == ("Ward B <ward@acme.example>", "desk@acme.example")


def test_without_a_header_the_account_and_the_message_speak(client: Client, send_body: dict[str, Any]) -> None:
    del send_body["header"]
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    message = SandboxMessage.objects.all()[0]
    assert (message.sender, message.subject) == ("ACME <surveys@acme.example>", "Your stay")
    headers = result_of(call(client, "GET", f"distributions/{made['id']}"))["headers"]
    assert headers == {
        "fromEmail": "surveys@acme.example",
        "replyToEmail": None,
        "fromName": "ACME",
        "subject": None,
    }


def test_one_contact_is_sent_to_and_its_link_is_in_the_answer(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    contact_id = public_id(Kind.CONTACT, crowd[1].pk)
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/recipients/contactId", contact_id)))
    dispatch()
    assert SandboxMessage.objects.get().to == "p1@example.com"
    assert made["link"] == f"http://localhost:8000/p/{Recipient.objects.get().code}"


def test_one_contact_who_is_left_out_has_no_link_and_a_reason(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    opt_out(crowd[1].pk, database_now(), source="a test")
    contact_id = public_id(Kind.CONTACT, crowd[1].pk)
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/recipients/contactId", contact_id)))
    assert made["link"] is None
    [told] = elements_of(call(client, "GET", f"distributions/{made['id']}/history"))
    assert (told["contactId"], told["status"], told["reason"]) == (contact_id, "Skipped", "opted_out")


def test_a_text_message_goes_by_sms(client: Client, sms_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions/sms", sms_body))
    assert is_id("EMD", made["id"])
    dispatch()
    assert {message.channel for message in SandboxMessage.objects.all()} == {"sms"}
    assert SandboxMessage.objects.count() == 5
    assert Distribution.objects.get().name == "By text"


def test_an_expiry_ends_the_links_of_text_messages_too(client: Client, sms_body: dict[str, Any]) -> None:
    result_of(call(client, "POST", "distributions/sms", {**sms_body, "expirationDate": "2030-01-01 00:00:00"}))
    assert Distribution.objects.get().expires_at == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"method": "Interactive"}, [("/method", "not_supported")]),
        ({"method": "Call"}, [("/method", "literal_error")]),
        ({"method": "Reminder"}, [("/parentDistributionId", "missing")]),
        ({"recipients": None}, [("/recipients", "no_recipients")]),
        ({"recipients": {"mailingListId": ""}}, [("/recipients", "no_recipients")]),
        (
            {"surveyId": "SV_000000000000000", "parentDistributionId": "EMD_000000000000000"},
            [("/surveyId", "survey_not_found"), ("/parentDistributionId", "distribution_not_found")],
        ),
    ],
)
def test_a_text_message_that_does_not_add_up_is_refused(
    client: Client, sms_body: dict[str, Any], changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert faults_of(call(client, "POST", "distributions/sms", {**sms_body, **changes})) == faults
    assert not Distribution.objects.exists()


def test_every_fault_of_a_send_is_named_in_the_published_words(client: Client, send_body: dict[str, Any]) -> None:
    wrong = changed(changed(send_body, "/surveyLink/surveyId", "SV_000000000000000"), "/message/messageId", "MS_1")
    wrong = changed(changed(wrong, "/recipients/contactId", "CID_000000000000000"), "/header/subject", "${x")
    wrong = changed(wrong, "/message/libraryId", "UR_000000000000000")
    error = error_of(call(client, "POST", "distributions", {**wrong, "customData": {"a": 1}}), "400 - Bad Request")
    assert {(fault["pointer"], fault["code"]) for fault in error["errors"]} == {
        ("/surveyLink/surveyId", "survey_not_found"),
        ("/message/messageId", "invalid_id"),
        ("/message/libraryId", "library_not_found"),
        ("/recipients/contactId", "contact_not_found"),
        ("/customData", "extra_forbidden"),
    }
    assert "Unexpected json key provided: customData." in error["errorMessage"]
    assert (
        "Issue with parameter: surveyLink.surveyId, please fix and try again. Reason: There is no such survey."
        in error["errorMessage"]
    )
    assert not Distribution.objects.exists()


def test_a_message_of_another_channel_is_refused(
    client: Client, send_body: dict[str, Any], sms_body: dict[str, Any]
) -> None:
    wrong = changed(send_body, "/message/messageId", sms_body["message"]["messageId"])
    assert faults_of(call(client, "POST", "distributions", wrong)) == [("/message/messageId", "wrong_channel")]


@pytest.mark.parametrize("change", [{"is_default": False}, {"is_active": False}])
def test_a_channel_that_is_not_set_up_is_a_conflict(
    client: Client, send_body: dict[str, Any], change: dict[str, bool]
) -> None:
    ProviderAccount.objects.update(**change)
    error = error_of(call(client, "POST", "distributions", send_body), "409 - Conflict")
    assert error["errorCode"] == "channel_not_set_up"
    assert not Distribution.objects.exists()
