"""Refused single sends, with status, pointer and code; and every limit from both sides."""

from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.models import Survey
from tests.support.api.bodies import NOT_GIVEN, NOTHING, changed, faults_in, rows_written
from tests.support.api.single_send import Send, make_send, set_defaults

SUBJECT, INTRO = "/recipients/0/attributes/email_subject", "/recipients/0/attributes/intro_message"
MESSAGE = "/recipients/0/attributes/thank_you_message"
LABEL, URL = "/recipients/0/attributes/thank_you_link_text", "/recipients/0/attributes/thank_you_link_url"
PHONE, LOCALE = "/recipients/0/phone_number", "/recipients/0/locale"


@pytest.fixture
def body(survey: Survey) -> dict[str, Any]:
    recipient = {"email": "ann@example.com", "phone_number": "+17132746524", "attributes": {"plan": "pro"}}
    return {"form_id": str(survey.pk), "recipients": [recipient]}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (SUBJECT, "é" * 150),
        (INTRO, "é" * 300),
        (INTRO, "two\nlines"),
        (MESSAGE, "m" * 10_000),
        (LABEL, "t" * 255),
        (URL, "http://app.example.com/" + "a" * 1_977),
        (URL, "https://żółw.example/ą?b=c#d"),
        (URL, ""),
        (SUBJECT, None),
        (PHONE, "+1713274"),
        (PHONE, "+123456789012345"),
        (LOCALE, "pl"),
        (LOCALE, "zh-CN"),
        ("/recipients/0/name", "n" * 255),
        ("/recipients/0/attributes", {str(number): number for number in range(200)}),
    ],
)
def test_values_at_the_limit_are_accepted(send: Send, body: dict[str, Any], pointer: str, value: Any) -> None:
    assert send(changed(body, pointer, value)).status_code == 201


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/form_id", NOT_GIVEN, "missing"),
        ("/form_id", 7, "string_type"),
        ("/recipients", NOT_GIVEN, "missing"),
        ("/recipients", [], "too_short"),
        ("/channel", "fax", "literal_error"),
        ("/type", "multiple", "literal_error"),
        ("/send", "false", "bool_type"),
        ("/scheduled_at", "tomorrow", "datetime_parsing"),
        ("/expires_at", "2024-09-01", "datetime_parsing"),
        ("/recipients/0/last_sent_at", 1_725_181_200, "datetime_parsing"),
        ("/recipients/0/email", "ann", "invalid_email"),
        ("/recipients/0/email", " ", "email_required"),
        ("/recipients/0/email", None, "email_required"),
        ("/recipients/0/name", "n" * 256, "string_too_long"),
        ("/recipients/0/name", "a\nb", "not_one_line"),
        (PHONE, "17132746524", "invalid_phone"),
        (PHONE, "+1 713 274 6524", "invalid_phone"),
        (PHONE, "+1-713-2746524", "invalid_phone"),
        (PHONE, "+0713274652", "invalid_phone"),
        (PHONE, "+171327", "invalid_phone"),
        (PHONE, "+1234567890123456", "invalid_phone"),
        (PHONE, "+17132746524\n", "invalid_phone"),
        (PHONE, "+١٧١٣٢٧٤٦٥٢٤", "invalid_phone"),
        (LOCALE, "PL", "invalid_locale"),
        (LOCALE, "pol", "invalid_locale"),
        (LOCALE, "zh_CN", "invalid_locale"),
        (LOCALE, "zh-cn", "invalid_locale"),
        (LOCALE, "zh-", "invalid_locale"),
        ("/recipients/0/attributes", [], "dict_type"),
        ("/recipients/0/attributes", {str(number): number for number in range(201)}, "too_many_keys"),
        (SUBJECT, "s" * 151, "string_too_long"),
        (SUBJECT, "a\r\nBcc: b@example.com", "not_one_line"),
        (SUBJECT, 7, "string_type"),
        (INTRO, "i" * 301, "string_too_long"),
        (MESSAGE, "m" * 10_001, "string_too_long"),
        (LABEL, "t" * 256, "string_too_long"),
        (URL, "javascript:alert(1)", "invalid_url"),
        (URL, "data:text/html,x", "invalid_url"),
        (URL, "//app.example.com", "invalid_url"),
        (URL, "app.example.com", "invalid_url"),
        (URL, "https:///path", "invalid_url"),
        (URL, "https://[", "invalid_url"),
        (URL, "https://app.example.com/a b", "invalid_url"),
        (URL, "https://app.example.com/" + "a" * 1_977, "string_too_long"),
    ],
)
def test_values_beyond_a_limit_are_400(send: Send, body: dict[str, Any], pointer: str, value: Any, code: str) -> None:
    response = send(changed(body, pointer, value))
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert faults_in(response) == [(pointer, code)]
    assert rows_written() == NOTHING


def test_more_than_a_thousand_recipients_are_400(send: Send, body: dict[str, Any]) -> None:
    crowd = [{"email": f"p{number}@example.com"} for number in range(1_001)]
    assert faults_in(send({**body, "recipients": crowd})) == [("/recipients", "too_long")]


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_sms_and_whatsapp_require_a_phone_for_every_recipient(send: Send, body: dict[str, Any], channel: str) -> None:
    recipients = [{"phone_number": "+17132746524"}, {"email": "ann@example.com"}, {"phone_number": ""}]
    response = send({**body, "channel": channel, "recipients": recipients})
    assert response.status_code == 400
    assert faults_in(response) == [(f"/recipients/{place}/phone_number", "phone_number_required") for place in (1, 2)]


def test_all_faults_are_reported_at_once(send: Send, body: dict[str, Any]) -> None:
    Template.objects.filter(channel="sms").update(is_default=False)
    recipients = [{"email": "no"}, {"phone_number": "+17132746524", "locale": "x"}]
    wrong = {"form_id": str(new_id()), "channel": "sms", "type": "x", "recipients": recipients}
    response = send({**body, **wrong})
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/form_id", "survey_not_found"),
        ("/channel", "no_default_template"),
        ("/type", "literal_error"),
        ("/recipients/0/email", "invalid_email"),
        ("/recipients/0/phone_number", "phone_number_required"),
        ("/recipients/1/locale", "invalid_locale"),
    }


@pytest.mark.parametrize("form_id", ["YOUR_FORM_ID", "", "0195e3a1-0000-7000-8000-000000000001"])
def test_an_unknown_form_is_404(send: Send, body: dict[str, Any], form_id: str) -> None:
    response = send({**body, "form_id": form_id})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert faults_in(response) == [("/form_id", "survey_not_found")]
    assert rows_written() == NOTHING


def test_another_organisations_form_is_404(send: Send, body: dict[str, Any]) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    theirs = Survey.objects.create(organization=stranger, name="Theirs")
    assert send({**body, "form_id": str(theirs.pk)}).status_code == 404


def test_a_channel_without_defaults_is_409(
    client: Client, body: dict[str, Any], accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> None:
    response = make_send(client)(body)
    assert (response.status_code, response.json()["code"]) == (409, "channel_not_set_up")
    assert faults_in(response) == [("/channel", "no_default_provider"), ("/channel", "no_default_template")]
    assert rows_written() == NOTHING


def test_a_default_that_is_switched_off_or_empty_is_409(send: Send, body: dict[str, Any]) -> None:
    ProviderAccount.objects.update(is_active=False)
    TemplateVariant.objects.all().delete()
    response = send(body)
    assert (response.status_code, response.json()["code"]) == (409, "channel_not_set_up")
    assert faults_in(response) == [
        ("/channel", "default_provider_inactive"),
        ("/channel", "default_template_not_found"),
    ]
    assert rows_written() == NOTHING


def test_a_key_is_needed_and_the_scope_send(
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
    organization: Organization,
    body: dict[str, Any],
) -> None:
    set_defaults(accounts, templates)
    reader = create_api_key(organization, "reader", [Scope.READ])[1]
    sender = create_api_key(organization, "sender", [Scope.SEND])[1]
    assert make_send(Client())(body).status_code == 401
    assert make_send(Client(headers={"authorization": f"Bearer {reader}"}))(body).status_code == 403
    assert make_send(Client(headers={"authorization": f"Bearer {sender}"}))(body).status_code == 201
    assert make_send(Client(headers={"x-api-key": sender}))(body).status_code == 201
