"""POST /api/v1/distributions: every fault is named, and nothing is written."""

import json
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Organization
from contacts.models.api_key import Scope
from tests.api.native.create_distribution.conftest import NOBODY, PATH, Post
from tests.support.api.bodies import NOT_GIVEN, changed, faults_in, rows_written

MOMENT = "2030-05-01T09:00:00+02:00"
SMS_STEP: Any = {"channel": "sms", "providerIds": [NOBODY], "templateId": NOBODY}


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        ("/surveyId", NOBODY, ("/surveyId", "survey_not_found")),
        ("/surveyId", NOT_GIVEN, ("/surveyId", "missing")),
        ("/steps", [], ("/steps", "too_short")),
        ("/steps/0/providerIds/0", NOBODY, ("/steps/0/providerIds", "provider_not_found")),
        ("/steps/0/templateId", NOBODY, ("/steps/0/templateId", "template_not_found")),
        ("/steps/0/subject", "${contact.firstName}", ("/steps/0/subject", "unknown_placeholder")),
        ("/steps/0", {**SMS_STEP, "subject": "Hi"}, ("/steps/0/subject", "only_of_email")),
        ("/steps/0/weights", [1, 2], ("/steps/0/weights", "not_one_each")),
        ("/steps/0/weights", [0], ("/steps/0/weights/0", "greater_than_equal")),
        ("/steps/0/fixedSplit", True, ("/steps/0/fixedSplit", "without_weights")),
        ("/audience", {}, ("/audience", "not_one_audience")),
        ("/audience/listId", NOBODY, ("/audience", "not_one_audience")),
        ("/audience", {"listId": NOBODY}, ("/audience/listId", "list_not_found")),
        ("/audience", {"contactIds": [NOBODY]}, ("/audience/contactIds/0", "contact_not_found")),
        ("/audience", {"filter": {"embeddedData": {}}}, ("/audience/filter/embeddedData", "too_short")),
        ("/audience/contacts", [], ("/audience/contacts", "too_short")),
        ("/audience/contacts/0", {"firstName": "Ann"}, ("/audience/contacts/0", "no_identifier")),
        ("/audience/contacts/0/contactId", NOBODY, ("/audience/contacts/0/contactId", "contact_not_found")),
        ("/audience/contacts/0/sendAt", "2030-05-01T09:00:00", ("/audience/contacts/0/sendAt", "offset_missing")),
        ("/scheduledAt", "2030-05-01T09:00:00", ("/scheduledAt", "offset_missing")),
        ("/throttle", {"minutes": -1}, ("/throttle/minutes", "greater_than_equal")),
        ("/linkType", "eternal", ("/linkType", "literal_error")),
        ("/sendAt", MOMENT, ("/sendAt", "extra_forbidden")),
    ],
)
def test_each_fault_is_named_and_nothing_is_written(
    post_it: Post, sending: dict[str, Any], pointer: str, value: Any, fault: tuple[str, str]
) -> None:
    before = rows_written()
    response = post_it(changed(sending, pointer, value))
    assert response.status_code == 400
    assert fault in faults_in(response)
    assert rows_written() == before


def test_faults_of_every_kind_are_named_at_once(
    post_it: Post, sending: dict[str, Any], accounts: dict[Channel, ProviderAccount]
) -> None:
    sms = str(accounts[Channel.SMS].pk)
    body = {
        **sending,
        "surveyId": NOBODY,
        "steps": [{**sending["steps"][0], "providerIds": [sms]}, {"channel": "post"}],
        "audience": {"listId": NOBODY},
        "scheduledAt": "2030-05-02T08:00:00Z",
        "notAfter": "2030-05-01T08:00:00Z",
        "throttle": {"minutes": 5, "policy": "reject"},
        "channelMode": "double",
    }
    assert set(faults_in(post_it(body))) == {
        ("/surveyId", "survey_not_found"),
        ("/steps/0/providerIds", "provider_wrong_channel"),
        ("/steps/1/channel", "literal_error"),
        ("/steps/1/providerIds", "missing"),
        ("/steps/1/templateId", "missing"),
        ("/audience/listId", "list_not_found"),
        ("/notAfter", "before_schedule"),
        ("/throttle/policy", "reject_needs_contacts"),
        ("/channelMode", "literal_error"),
    }


def test_what_does_not_go_together_is_refused_when_all_else_is_right(post_it: Post, sending: dict[str, Any]) -> None:
    ends = {"scheduledAt": "2030-05-02T08:00:00Z", "expiresAt": "2030-05-01T08:00:00Z"}
    response = post_it({**sending, **ends})
    assert (response.status_code, faults_in(response)) == (400, [("/expiresAt", "before_schedule")])


def test_another_organisations_things_are_not_there(
    post_it: Post, sending: dict[str, Any], organization: Organization
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = MailingList.objects.create(organization=other)
    stranger = Contact.objects.create(organization=other, external_id="X")
    for audience, fault in (
        ({"listId": str(theirs.pk)}, ("/audience/listId", "list_not_found")),
        ({"contactIds": [str(stranger.pk)]}, ("/audience/contactIds/0", "contact_not_found")),
    ):
        assert faults_in(post_it({**sending, "audience": audience})) == [fault]


def test_sending_needs_its_scope(organization: Organization, sending: dict[str, Any]) -> None:
    key = create_api_key(organization, "reader", [Scope.READ])[1]
    reader = Client(headers={"x-api-key": key})
    for path in (PATH, "/api/v1/links"):
        assert reader.post(path, json.dumps(sending), content_type="application/json").status_code == 403
