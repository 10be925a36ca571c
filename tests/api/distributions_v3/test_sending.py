"""Sends by e-mail and SMS, and how distributions are shown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, Distribution, Recipient
from distributor.rules.journey.delivery_events import Trouble
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import dispatch


def test_an_email_goes_to_a_list_with_the_given_header(client: Client, send_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions", send_body))
    assert set(made) == {"id"}
    assert is_id("EMD", made["id"])
    dispatch()
    messages = SandboxMessage.objects.order_by("to")
    assert [message.to for message in messages] == [f"p{number}@example.com" for number in range(5)]
    assert messages[0].subject == "How was it, Person 0?"
    assert (messages[0].sender, messages[0].headers["Reply-To"]) == ("Ward B <ward@acme.example>", "desk@acme.example")


def test_without_a_header_sender_and_subject_are_the_defaults(client: Client, send_body: dict[str, Any]) -> None:
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


def test_a_send_to_one_contact_answers_its_link(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    contact_id = public_id(Kind.CONTACT, crowd[1].pk)
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/recipients/contactId", contact_id)))
    dispatch()
    assert SandboxMessage.objects.get().to == "p1@example.com"
    assert made["link"] == f"http://localhost:8000/p/{Recipient.objects.get().code}"


def test_a_skipped_contact_has_a_reason_and_no_link(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    opt_out(crowd[1].pk, database_now())
    contact_id = public_id(Kind.CONTACT, crowd[1].pk)
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/recipients/contactId", contact_id)))
    assert made["link"] is None
    [element] = elements_of(call(client, "GET", f"distributions/{made['id']}/history"))
    assert (element["contactId"], element["status"], element["reason"]) == (contact_id, "Skipped", "opted_out")


def test_a_distribution_shows_every_published_field(
    client: Client, organization: Organization, send_body: dict[str, Any]
) -> None:
    body = {**send_body, "sendDate": "2029-12-24T07:00:00Z"}
    made = result_of(call(client, "POST", "distributions", body))
    row = Distribution.objects.get()
    created = row.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    owner = public_id(Kind.LIBRARY, organization.pk)
    expected = {
        "id": made["id"],
        "parentDistributionId": None,
        "ownerId": owner,
        "organizationId": "acme",
        "requestStatus": "Pending",
        "requestType": "Invite",
        "sendDate": "2029-12-24T07:00:00Z",
        "createdDate": created,
        "modifiedDate": created,
        "customHeaders": {},
        "headers": send_body["header"],
        "recipients": {
            "mailingListId": send_body["recipients"]["mailingListId"],
            "contactId": None,
            "libraryId": owner,
            "sampleId": None,
        },
        "message": {**send_body["message"], "messageText": None},
        "surveyLink": {
            "surveyId": send_body["surveyLink"]["surveyId"],
            "expirationDate": "2030-01-21T00:00:00Z",
            "linkType": "Individual",
        },
        "embeddedData": None,
        "stats": dict.fromkeys(
            ("sent", "failed", "started", "bounced", "opened", "skipped", "finished", "complaints", "blocked"), 0
        ),
    }
    path = f"distributions/{made['id']}?surveyId={send_body['surveyLink']['surveyId']}"
    assert result_of(call(client, "GET", path)) == expected
    assert elements_of(call(client, "GET", "distributions")) == [expected]


def test_links_without_messages_are_shown_as_generated(client: Client, links_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert (shown["requestStatus"], shown["requestType"]) == ("Generated", "GeneratedInvite")
    assert set(shown["message"].values()) == set(shown["headers"].values()) == {None}


def test_stats_count_people(
    client: Client, send_body: dict[str, Any], crowd: list[Contact], accounts: dict[Channel, ProviderAccount]
) -> None:
    opt_out(crowd[0].pk, database_now())
    other = result_of(call(client, "POST", "distributions", send_body))
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    row = Distribution.objects.order_by("-id")[0]
    first, two, three, four = Recipient.objects.filter(distribution=row).order_by("id")
    record_open(first, database_now())
    record_response(two.code, {"score": 1}, database_now())
    Attempt.objects.filter(recipient_id=three.pk).update(trouble=Trouble.BOUNCED)
    Attempt.objects.filter(recipient_id=four.pk).update(trouble=Trouble.COMPLAINED)
    stats = result_of(call(client, "GET", f"distributions/{made['id']}"))["stats"]
    assert stats == {
        "sent": 4,
        "failed": 0,
        "started": 1,
        "bounced": 1,
        "opened": 2,
        "skipped": 1,
        "finished": 1,
        "complaints": 1,
        "blocked": 0,
    }
    untouched = result_of(call(client, "GET", f"distributions/{other['id']}"))["stats"]
    assert (untouched["bounced"], untouched["complaints"], untouched["sent"]) == (0, 0, 4)


def test_a_page_of_distributions_takes_a_fixed_number_of_queries(
    client: Client, links_body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    result_of(call(client, "POST", "distributions", links_body))
    elements_of(call(client, "GET", "distributions"))  # records when the key was used
    for count in (1, 3):
        with django_assert_num_queries(8):  # including one for the API key and two for the time
            assert len(elements_of(call(client, "GET", "distributions"))) == count
        for _ in range(2):
            result_of(call(client, "POST", "distributions", links_body))


def test_history_has_the_status_of_every_contact(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    opt_out(crowd[4].pk, database_now())
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    recipients = list(Recipient.objects.order_by("id"))
    record_open(recipients[1], database_now())
    response = record_response(recipients[2].code, {"score": 1}, database_now())
    Attempt.objects.filter(recipient_id=recipients[3].pk).update(trouble=Trouble.BOUNCED)
    history = elements_of(call(client, "GET", f"distributions/{made['id']}/history"))
    assert [element["status"] for element in history] == [
        "Success",
        "Opened",
        "SurveyFinished",
        "HardBounce",
        "Skipped",
    ]
    answered = history[2]
    assert answered == {
        "contactId": public_id(Kind.CONTACT, crowd[2].pk),
        "contactLookupId": public_id(Kind.CONTACT, crowd[2].pk).replace("CID", "CGC"),
        "distributionId": made["id"],
        "status": "SurveyFinished",
        "surveyLink": f"http://localhost:8000/p/{recipients[2].code}",
        "contactFrequencyRuleId": None,
        "responseId": public_id(Kind.RESPONSE, response.pk),
        "responseStartedAt": answered["responseStartedAt"],
        "responseCompletedAt": response.submitted_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sentAt": answered["sentAt"],
        "openedAt": answered["responseStartedAt"],
        "responseDuration": 0,
        "surveySessionId": None,
        "reason": None,
    }
    assert answered["sentAt"] is not None
    path: str | None = f"distributions/{made['id']}/history?pageSize=2"
    seen = []
    while path:
        page = result_of(call(client, "GET", path))
        seen += page["elements"]
        path = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
    assert seen == history


def test_a_text_message_is_sent_by_sms(client: Client, sms_body: dict[str, Any]) -> None:
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
def test_an_inconsistent_text_message_is_refused(
    client: Client, sms_body: dict[str, Any], changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert faults_of(call(client, "POST", "distributions/sms", {**sms_body, **changes})) == faults
    assert not Distribution.objects.exists()


def test_every_fault_of_a_send_is_reported_in_the_published_words(client: Client, send_body: dict[str, Any]) -> None:
    wrong = changed(changed(send_body, "/surveyLink/surveyId", "SV_000000000000000"), "/message/messageId", "MS_1")
    wrong = changed(changed(wrong, "/recipients/contactId", "CID_000000000000000"), "/header/subject", "${x")
    wrong = changed(wrong, "/message/libraryId", "UR_000000000000000")
    error = error_of(call(client, "POST", "distributions", {**wrong, "embeddedData": {"a": 1}}), "400 - Bad Request")
    assert {(fault["pointer"], fault["code"]) for fault in error["errors"]} == {
        ("/surveyLink/surveyId", "survey_not_found"),
        ("/message/messageId", "invalid_id"),
        ("/message/libraryId", "library_not_found"),
        ("/recipients/contactId", "contact_not_found"),
        ("/embeddedData", "extra_forbidden"),
    }
    assert "Unexpected json key provided: embeddedData." in error["errorMessage"]
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


def test_the_filters_of_the_list_of_distributions(
    client: Client, links_body: dict[str, Any], send_body: dict[str, Any]
) -> None:
    links = result_of(call(client, "POST", "distributions", links_body))["id"]
    sent = result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))["id"]

    def found(query: str) -> list[str]:
        return [element["id"] for element in elements_of(call(client, "GET", f"distributions?{query}"))]

    survey_id, list_id = links_body["surveyId"], links_body["mailingListId"]
    assert found(f"surveyId={survey_id}&mailingListId={list_id}&useNewPaginationScheme=true") == [sent, links]
    assert found("surveyId=SV_000000000000000") == []
    assert found("mailingListId=CG_000000000000000") == []
    assert found("distributionRequestType=Invite") == [sent]
    assert found("distributionRequestType=GeneratedInvite") == [links]
    assert found("sendStartDate=2028-12-31T00:00:00Z&sendEndDate=2029-01-02T00:00:00+01:00") == [sent]
    assert found("sendEndDate=2028-12-31 00:00:00") == [links]
    assert found("pageSize=1") == found("pageSize=1&offset=0") == [sent]
    assert found("pageSize=1&offset=1") == [links]
    refused = call(client, "GET", "distributions?surveyId=1&distributionRequestType=x&sendStartDate=y&offset=-1")
    assert [pointer for pointer, _code in faults_of(refused)] == [
        "?surveyId",
        "?distributionRequestType",
        "?sendStartDate",
        "?offset",
    ]


def test_pages_by_token_and_by_offset_link_the_next_page(client: Client, links_body: dict[str, Any]) -> None:
    ids = [result_of(call(client, "POST", "distributions", links_body))["id"] for _ in range(4)][::-1]
    for query in ("pageSize=1&skipToken=0", "pageSize=1&offset=1"):
        path: str | None = f"distributions?surveyId={links_body['surveyId']}&{query}"
        seen = []
        while path:
            page = result_of(call(client, "GET", path))
            seen += [element["id"] for element in page["elements"]]
            path = page["nextPage"] and page["nextPage"].partition("/API/v3/")[2]
        assert seen == (ids[1:] if "offset" in query else ids)


def test_deleting_cancels_hides_and_closes_the_links(client: Client, send_body: dict[str, Any]) -> None:
    body = {**send_body, "sendDate": "2029-12-24T07:00:00Z"}
    made = result_of(call(client, "POST", "distributions", body))
    link = elements_of(call(client, "GET", f"distributions/{made['id']}/links"))[0]["link"]
    path = f"distributions/{made['id']}"
    other = "distribution of this survey"
    error = error_of(call(client, "DELETE", f"{path}?surveyId=SV_000000000000000"), "404 - Not Found")
    assert error["errorMessage"] == f"There is no such {other}."
    deleted = call(client, "DELETE", f"{path}?surveyId={send_body['surveyLink']['surveyId']}")
    assert (deleted.status_code, set(deleted.json())) == (200, {"meta"})
    assert elements_of(call(client, "GET", "distributions")) == []
    for address in (path, f"{path}/links", f"{path}/history"):
        error_of(call(client, "GET", address), "404 - Not Found")
    assert Client().get(link.removeprefix("http://localhost:8000")).status_code == 410
    dispatch()
    assert not SandboxMessage.objects.exists()
    native = client.get(f"/api/v1/distributions/{Distribution.objects.get().pk}").json()
    assert (native["status"], native["totals"]["stopped"]) == ("cancelled", 5)
