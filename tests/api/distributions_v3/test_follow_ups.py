"""Reminders and thank-yous, to all people they are meant for or to one contact."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage
from contacts.models import Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, Distribution, Recipient, Step, Survey
from distributor.rules.journey.delivery_events import Trouble
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import bring, dispatch


@pytest.fixture
def parent(client: Client, send_body: dict[str, Any]) -> str:
    """The path of a distribution that was sent to five people. The first has finished."""
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    record_response(Recipient.objects.order_by("id")[0].code, {"score": 1}, database_now())
    SandboxMessage.objects.all().delete()
    return f"distributions/{made['id']}"


@pytest.fixture
def body(send_body: dict[str, Any]) -> dict[str, Any]:
    """A follow-up, as published."""
    header = {**send_body["header"], "subject": "Once more, ${contact:firstName}"}
    return {"message": send_body["message"], "header": header, "embeddedData": {}, "sendDate": ""}


def receivers() -> list[str]:
    bring()
    dispatch()
    return list(SandboxMessage.objects.order_by("to").values_list("to", flat=True))


def test_a_reminder_goes_to_people_who_have_not_finished(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    assert set(made) == {"distributionId"}
    assert is_id("EMD", made["distributionId"])
    assert receivers() == [f"p{number}@example.com" for number in range(1, 5)]
    message = SandboxMessage.objects.get(to="p1@example.com")
    assert (message.subject, message.sender) == ("Once more, Person 1", "Ward B <ward@acme.example>")


def test_a_thank_you_goes_to_people_who_have_finished(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/thankyous", body))
    assert set(made) == {"distributionId"}
    assert receivers() == ["p0@example.com"]


def test_a_follow_up_is_sent_at_its_send_date(client: Client, parent: str, body: dict[str, Any]) -> None:
    result_of(call(client, "POST", f"{parent}/reminders", {**body, "sendDate": "2029-12-24T07:00:00Z"}))
    assert receivers() == []
    assert Step.objects.get(kind="reminder").scheduled_at == datetime(2029, 12, 24, 7, tzinfo=UTC)


def test_a_reminder_can_go_to_one_contact(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]
) -> None:
    contact_id = public_id(Kind.CONTACT, crowd[3].pk)
    result_of(call(client, "POST", f"{parent}/reminders", {**body, "contactId": contact_id}))
    assert receivers() == ["p3@example.com"]


@pytest.mark.parametrize(("method", "expected"), [("Reminder", range(1, 5)), ("ThankYou", range(1))])
def test_follow_ups_can_be_sent_by_sms(
    client: Client, parent: str, sms_body: dict[str, Any], method: str, expected: range
) -> None:
    parent_id = parent.removeprefix("distributions/")
    call_body = {**sms_body, "method": method, "parentDistributionId": parent_id}
    assert is_id("EMD", result_of(call(client, "POST", "distributions/sms", call_body))["id"])
    assert receivers() == [f"+4860000000{number}" for number in expected]


def test_a_reminder_by_sms_can_go_to_one_contact(
    client: Client, parent: str, sms_body: dict[str, Any], crowd: list[Contact]
) -> None:
    alone = {"contactId": public_id(Kind.CONTACT, crowd[2].pk)}
    call_body = {**sms_body, "method": "Reminder", "parentDistributionId": parent.removeprefix("distributions/")}
    result_of(call(client, "POST", "distributions/sms", {**call_body, "recipients": alone}))
    assert receivers() == ["+48600000002"]


def test_an_sms_follow_up_must_match_its_parent(
    client: Client, parent: str, sms_body: dict[str, Any], organization: Organization
) -> None:
    survey = Survey.objects.create(organization=organization, name="Another")
    other = MailingList.objects.create(organization=organization, name="Another")
    call_body = {
        **sms_body,
        "method": "Reminder",
        "parentDistributionId": parent.removeprefix("distributions/"),
        "surveyId": public_id(Kind.SURVEY, survey.pk),
        "recipients": {"mailingListId": public_id(Kind.MAILING_LIST, other.pk)},
    }
    assert faults_of(call(client, "POST", "distributions/sms", call_body)) == [
        ("/surveyId", "other_survey"),
        ("/recipients/mailingListId", "other_mailing_list"),
    ]


def test_an_inconsistent_follow_up_is_refused(
    client: Client, parent: str, body: dict[str, Any], sms_body: dict[str, Any], organization: Organization
) -> None:
    stranger = Contact.objects.create(organization=organization, external_id="X")
    for change, fault in (
        ({"contactId": public_id(Kind.CONTACT, stranger.pk)}, ("/contactId", "not_a_recipient")),
        ({"contactId": "CID_000000000000000"}, ("/contactId", "contact_not_found")),
        ({"message": sms_body["message"]}, ("/message/messageId", "wrong_channel")),
        ({"embeddedData": {"a": 1}}, ("/embeddedData", "not_supported")),
        ({"header": {"subject": "${nothing}"}}, ("/header/subject", "unknown_placeholder")),
        ({"recipients": {}}, ("/recipients", "extra_forbidden")),
    ):
        assert faults_of(call(client, "POST", f"{parent}/reminders", {**body, **change})) == [fault]
    assert faults_of(call(client, "POST", f"{parent}/thankyous", changed(body, "/message/messageId", "MS_1"))) == [
        ("/message/messageId", "invalid_id")
    ]
    assert not Step.objects.exclude(kind="invitation").exists()


def test_cancelled_deleted_and_unsent_distributions_take_no_follow_ups(
    client: Client, parent: str, body: dict[str, Any], links_body: dict[str, Any]
) -> None:
    links = result_of(call(client, "POST", "distributions", links_body))["id"]
    error = error_of(call(client, "POST", f"distributions/{links}/reminders", body), "409 - Conflict")
    assert error["errorCode"] == "nothing_sent"
    now = database_now()
    Distribution.objects.update(cancelled_at=now)
    assert error_of(call(client, "POST", f"{parent}/reminders", body), "409 - Conflict")["errorCode"] == "cancelled"
    Distribution.objects.update(deleted_at=now)
    error_of(call(client, "POST", f"{parent}/reminders", body), "404 - Not Found")


def test_anonymous_links_take_no_thank_you(client: Client, send_body: dict[str, Any], body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/surveyLink/type", "Anonymous")))
    refused = call(client, "POST", f"distributions/{made['id']}/thankyous", body)
    assert error_of(refused, "409 - Conflict")["errorCode"] == "nobody_to_thank"


def test_a_repeated_follow_up_is_created_once(client: Client, parent: str, body: dict[str, Any]) -> None:
    for path in (f"{parent}/reminders", f"{parent}/thankyous"):
        first, again = (call(client, "POST", path, body, Idempotency_Key=path) for _ in range(2))
        assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Step.objects.exclude(kind="invitation").count() == 2


def test_a_follow_up_is_shown_as_a_distribution_with_a_parent(
    client: Client, organization: Organization, parent: str, body: dict[str, Any]
) -> None:
    reminder = result_of(call(client, "POST", f"{parent}/reminders", body))["distributionId"]
    path = f"distributions/{reminder}?surveyId={result_of(call(client, 'GET', parent))['surveyLink']['surveyId']}"
    assert result_of(call(client, "GET", path))["requestStatus"] == "Pending"
    receivers()
    third = Recipient.objects.order_by("id")[2]
    Attempt.objects.filter(recipient_id=third.pk, number=2).update(trouble=Trouble.BOUNCED)
    shown = result_of(call(client, "GET", path))
    invitation = result_of(call(client, "GET", parent))
    step = Step.objects.get(kind="reminder")
    assert shown == {
        **invitation,
        "id": reminder,
        "parentDistributionId": invitation["id"],
        "requestStatus": "Done",
        "requestType": "Reminder",
        "sendDate": f"{step.scheduled_at:%Y-%m-%dT%H:%M:%SZ}",
        "createdDate": shown["createdDate"],
        "modifiedDate": shown["createdDate"],
        "headers": body["header"],
        "stats": {
            "sent": 3,
            "failed": 1,
            "started": 0,
            "bounced": 1,
            "opened": 0,
            "skipped": 0,
            "finished": 0,
            "complaints": 0,
            "blocked": 0,
        },
    }
    assert invitation["stats"]["sent"] == 5
    made_at = datetime.fromisoformat(shown["createdDate"])
    assert abs((made_at - database_now()).total_seconds()) < 60
    assert call(client, "GET", f"distributions/{reminder}?surveyId=SV_000000000000000").status_code == 404


def test_follow_ups_are_listed_among_the_distributions_and_filtered(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact], send_body: dict[str, Any]
) -> None:
    reminder = result_of(call(client, "POST", f"{parent}/reminders", {**body, "sendDate": "2029-12-24T07:00:00Z"}))
    contact_id = public_id(Kind.CONTACT, crowd[0].pk)
    thanks = result_of(call(client, "POST", f"{parent}/thankyous", {**body, "contactId": contact_id}))
    another = result_of(call(client, "POST", "distributions", send_body))["id"]
    invitation = parent.removeprefix("distributions/")
    first, second = reminder["distributionId"], thanks["distributionId"]

    def found(query: str) -> list[str]:
        return [element["id"] for element in elements_of(call(client, "GET", f"distributions?{query}"))]

    assert found("") == [another, second, first, invitation]
    assert found("pageSize=2&offset=1") == [second, first]
    assert found(f"pageSize=2&skipToken={second}") == [first, invitation]
    assert found("distributionRequestType=Reminder") == [first]
    assert found("distributionRequestType=ThankYou") == [second]
    assert found("distributionRequestType=Invite") == [another, invitation]
    assert found("sendStartDate=2029-01-01T00:00:00Z") == [first]
    assert found("surveyId=SV_000000000000000") == []
    assert found(f"mailingListId={send_body['recipients']['mailingListId']}") == [another, second, first, invitation]
    shown = {element["id"]: element for element in elements_of(call(client, "GET", "distributions"))}
    assert [shown[follow_up_id]["recipients"]["contactId"] for follow_up_id in (first, second)] == [None, contact_id]
    assert [shown[follow_up_id]["parentDistributionId"] for follow_up_id in (first, second, another)] == [
        invitation,
        invitation,
        None,
    ]


def test_pages_with_follow_ups_take_a_fixed_number_of_queries(
    client: Client, parent: str, body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for count in (2, 4):
        for path in ("reminders", "thankyous"):
            result_of(call(client, "POST", f"{parent}/{path}", body))
        # One for the API key, two for the time, two for the page's keys, three for distributions, three for follow-ups.
        with django_assert_num_queries(11):
            assert len(elements_of(call(client, "GET", "distributions"))) == count + 1


def test_a_follow_up_is_deleted_with_its_distribution(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", {**body, "sendDate": "2029-12-24T07:00:00Z"}))
    path = f"distributions/{made['distributionId']}"
    assert error_of(call(client, "DELETE", path), "409 - Conflict")["errorCode"] == "follow_up_stays"
    assert call(client, "DELETE", parent).status_code == 200
    error_of(call(client, "GET", path), "404 - Not Found")
    assert elements_of(call(client, "GET", "distributions")) == []


def test_the_links_of_a_follow_up_are_those_of_its_invitation(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    links = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/links"))
    assert links == elements_of(call(client, "GET", f"{parent}/links"))
    contact_id = public_id(Kind.CONTACT, crowd[3].pk)
    made = result_of(call(client, "POST", f"{parent}/reminders", {**body, "contactId": contact_id}))
    links = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/links"))
    assert [link["contactId"] for link in links] == [contact_id]


def test_the_history_of_a_follow_up_lists_the_people_it_was_sent_to(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    path = f"distributions/{made['distributionId']}/history"
    assert elements_of(call(client, "GET", path)) == []
    receivers()
    _first, second, third, *_others = Recipient.objects.order_by("id")
    Attempt.objects.filter(recipient_id=second.pk, number=2).update(trouble=Trouble.BOUNCED)
    response = record_response(third.code, {"score": 1}, database_now())
    history = elements_of(call(client, "GET", path))
    assert [element["contactId"] for element in history] == [
        public_id(Kind.CONTACT, contact.pk) for contact in crowd[1:]
    ]
    assert [element["status"] for element in history] == ["HardBounce", "SurveyFinished", "Success", "Success"]
    assert {element["distributionId"] for element in history} == {made["distributionId"]}
    assert [element["responseId"] for element in history] == [None, public_id(Kind.RESPONSE, response.pk), None, None]
    assert all(element["sentAt"] for element in history)
    page = result_of(call(client, "GET", f"{path}?pageSize=3"))
    rest = result_of(call(client, "GET", page["nextPage"].partition("/API/v3/")[2]))
    assert (page["elements"] + rest["elements"], rest["nextPage"]) == (history, None)
    parent_history = elements_of(call(client, "GET", f"{parent}/history"))
    assert [element["status"] for element in parent_history] == [
        "SurveyFinished",
        "Success",
        "SurveyFinished",
        "Success",
        "Success",
    ]


def test_the_history_of_a_thank_you_has_no_response(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/thankyous", body))
    receivers()
    [element] = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/history"))
    assert (element["status"], element["responseId"], element["responseCompletedAt"]) == ("Success", None, None)
