"""Reminders and thank-yous: to everybody whom they concern, or to one contact."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage
from contacts.models import Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Attempt, AuditEntry, Distribution, Recipient, Step, Survey
from distributor.rules.journey.delivery_events import Trouble
from tests.support.api.bodies import changed
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import arm_follow_ups, dispatch


@pytest.fixture
def parent(client: Client, send_body: dict[str, Any]) -> str:
    """The path of a distribution that was sent to five, of whom the first has finished."""
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
    arm_follow_ups()
    dispatch()
    return list(SandboxMessage.objects.order_by("to").values_list("to", flat=True))


def test_a_reminder_goes_to_those_who_have_not_finished(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    assert set(made) == {"distributionId"}
    assert is_id("EMD", made["distributionId"])
    assert receivers() == [f"p{number}@example.com" for number in range(1, 5)]
    message = SandboxMessage.objects.get(to="p1@example.com")
    assert (message.subject, message.sender) == ("Once more, Person 1", "Ward B <ward@acme.example>")


def test_thanks_go_to_those_who_have_finished(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/thankyous", body))
    assert set(made) == {"distributionId"}
    assert receivers() == ["p0@example.com"]


def test_a_follow_up_waits_for_its_moment(client: Client, parent: str, body: dict[str, Any]) -> None:
    result_of(call(client, "POST", f"{parent}/reminders", {**body, "sendDate": "2029-12-24T07:00:00Z"}))
    assert receivers() == []
    assert Step.objects.get(kind="reminder").scheduled_at == datetime(2029, 12, 24, 7, tzinfo=UTC)


def test_one_contact_is_reminded(client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]) -> None:
    contact_id = public_id(Kind.CONTACT, crowd[3].pk)
    result_of(call(client, "POST", f"{parent}/reminders", {**body, "contactId": contact_id}))
    assert receivers() == ["p3@example.com"]


@pytest.mark.parametrize(("method", "expected"), [("Reminder", range(1, 5)), ("ThankYou", range(1))])
def test_follow_ups_go_by_text_message_too(
    client: Client, parent: str, sms_body: dict[str, Any], method: str, expected: range
) -> None:
    parent_id = parent.removeprefix("distributions/")
    said = {**sms_body, "method": method, "parentDistributionId": parent_id}
    assert is_id("EMD", result_of(call(client, "POST", "distributions/sms", said))["id"])
    assert receivers() == [f"+4860000000{number}" for number in expected]


def test_one_contact_is_reminded_by_text_message(
    client: Client, parent: str, sms_body: dict[str, Any], crowd: list[Contact]
) -> None:
    alone = {"contactId": public_id(Kind.CONTACT, crowd[2].pk)}
    said = {**sms_body, "method": "Reminder", "parentDistributionId": parent.removeprefix("distributions/")}
    result_of(call(client, "POST", "distributions/sms", {**said, "recipients": alone}))
    assert receivers() == ["+48600000002"]


def test_what_a_text_message_says_of_its_parent_must_be_so(
    client: Client, parent: str, sms_body: dict[str, Any], organization: Organization
) -> None:
    survey = Survey.objects.create(organization=organization, name="Another")
    other = MailingList.objects.create(organization=organization, name="Another")
    said = {
        **sms_body,
        "method": "Reminder",
        "parentDistributionId": parent.removeprefix("distributions/"),
        "surveyId": public_id(Kind.SURVEY, survey.pk),
        "recipients": {"mailingListId": public_id(Kind.MAILING_LIST, other.pk)},
    }
    assert faults_of(call(client, "POST", "distributions/sms", said)) == [
        ("/surveyId", "other_survey"),
        ("/recipients/mailingListId", "other_mailing_list"),
    ]


def test_a_follow_up_that_does_not_add_up_is_refused(
    client: Client, parent: str, body: dict[str, Any], sms_body: dict[str, Any], organization: Organization
) -> None:
    stranger = Contact.objects.create(organization=organization, external_id="X")
    for change, fault in (
        ({"contactId": public_id(Kind.CONTACT, stranger.pk)}, ("/contactId", "not_a_recipient")),
        ({"contactId": "CID_000000000000000"}, ("/contactId", "contact_not_found")),
        ({"message": sms_body["message"]}, ("/message/messageId", "wrong_channel")),
        ({"embeddedData": {str(number): "" for number in range(201)}}, ("/embeddedData", "too_many_keys")),
        ({"header": {"subject": "${nothing}"}}, ("/header/subject", "unknown_placeholder")),
        ({"recipients": {}}, ("/recipients", "extra_forbidden")),
    ):
        assert faults_of(call(client, "POST", f"{parent}/reminders", {**body, **change})) == [fault]
    assert faults_of(call(client, "POST", f"{parent}/thankyous", changed(body, "/message/messageId", "MS_1"))) == [
        ("/message/messageId", "invalid_id")
    ]
    assert not Step.objects.exclude(kind="invitation").exists()


def test_nothing_follows_what_was_cancelled_or_deleted_or_never_sent(
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


def test_nobody_is_thanked_for_an_anonymous_response(
    client: Client, send_body: dict[str, Any], body: dict[str, Any]
) -> None:
    made = result_of(call(client, "POST", "distributions", changed(send_body, "/surveyLink/type", "Anonymous")))
    refused = call(client, "POST", f"distributions/{made['id']}/thankyous", body)
    assert error_of(refused, "409 - Conflict")["errorCode"] == "nobody_to_thank"


def test_a_repeated_follow_up_is_made_once(client: Client, parent: str, body: dict[str, Any]) -> None:
    for path in (f"{parent}/reminders", f"{parent}/thankyous"):
        first, again = (call(client, "POST", path, body, Idempotency_Key=path) for _ in range(2))
        assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Step.objects.exclude(kind="invitation").count() == 2


def test_a_follow_up_is_shown_like_a_distribution_that_has_a_parent(
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
        return [one["id"] for one in elements_of(call(client, "GET", f"distributions?{query}"))]

    assert found("") == [another, second, first, invitation]
    assert found("pageSize=2&offset=1") == [second, first]
    assert found(f"pageSize=2&skipToken={second}") == [first, invitation]
    assert found("distributionRequestType=Reminder") == [first]
    assert found("distributionRequestType=ThankYou") == [second]
    assert found("distributionRequestType=Invite") == [another, invitation]
    assert found("sendStartDate=2029-01-01T00:00:00Z") == [first]
    assert found("surveyId=SV_000000000000000") == []
    assert found(f"mailingListId={send_body['recipients']['mailingListId']}") == [another, second, first, invitation]
    shown = {one["id"]: one for one in elements_of(call(client, "GET", "distributions"))}
    assert [shown[one]["recipients"]["contactId"] for one in (first, second)] == [None, contact_id]
    assert [shown[one]["parentDistributionId"] for one in (first, second, another)] == [invitation, invitation, None]


def test_pages_with_follow_ups_make_as_many_queries_whatever_their_number(
    client: Client, parent: str, body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for count in (2, 4):
        for path in ("reminders", "thankyous"):
            result_of(call(client, "POST", f"{parent}/{path}", body))
        # The key's, with the clock, and one of the clock; two for the keys; three of invitations; three of follow-ups.
        with django_assert_num_queries(10):
            assert len(elements_of(call(client, "GET", "distributions"))) == count + 1


def test_a_follow_up_is_deleted_with_what_it_follows(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", {**body, "sendDate": "2029-12-24T07:00:00Z"}))
    path = f"distributions/{made['distributionId']}"
    assert error_of(call(client, "DELETE", path), "409 - Conflict")["errorCode"] == "follow_up_stays"
    assert call(client, "DELETE", parent).status_code == 200
    error_of(call(client, "GET", path), "404 - Not Found")
    assert elements_of(call(client, "GET", "distributions")) == []


def test_the_links_of_a_follow_up_are_its_invitations(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    own = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/links"))
    assert own == elements_of(call(client, "GET", f"{parent}/links"))
    contact_id = public_id(Kind.CONTACT, crowd[3].pk)
    made = result_of(call(client, "POST", f"{parent}/reminders", {**body, "contactId": contact_id}))
    own = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/links"))
    assert [link["contactId"] for link in own] == [contact_id]


def test_the_history_of_a_follow_up_is_of_those_whom_it_was_sent_to(
    client: Client, parent: str, body: dict[str, Any], crowd: list[Contact]
) -> None:
    made = result_of(call(client, "POST", f"{parent}/reminders", body))
    path = f"distributions/{made['distributionId']}/history"
    assert elements_of(call(client, "GET", path)) == []
    receivers()
    _first, second, third, *_others = Recipient.objects.order_by("id")
    Attempt.objects.filter(recipient_id=second.pk, number=2).update(trouble=Trouble.BOUNCED)
    response = record_response(third.code, {"score": 1}, database_now())
    told = elements_of(call(client, "GET", path))
    assert [one["contactId"] for one in told] == [public_id(Kind.CONTACT, one.pk) for one in crowd[1:]]
    assert [one["status"] for one in told] == ["HardBounce", "SurveyFinished", "Success", "Success"]
    assert {one["distributionId"] for one in told} == {made["distributionId"]}
    assert [one["responseId"] for one in told] == [None, public_id(Kind.RESPONSE, response.pk), None, None]
    assert all(one["sentAt"] for one in told)
    page = result_of(call(client, "GET", f"{path}?pageSize=3"))
    rest = result_of(call(client, "GET", page["nextPage"].partition("/API/v3/")[2]))
    assert (page["elements"] + rest["elements"], rest["nextPage"]) == (told, None)
    own = elements_of(call(client, "GET", f"{parent}/history"))
    assert [one["status"] for one in own] == ["SurveyFinished", "Success", "SurveyFinished", "Success", "Success"]


def test_the_history_of_thanks_tells_of_no_response(client: Client, parent: str, body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", f"{parent}/thankyous", body))
    receivers()
    [told] = elements_of(call(client, "GET", f"distributions/{made['distributionId']}/history"))
    assert (told["status"], told["responseId"], told["responseCompletedAt"]) == ("Success", None, None)


def test_adding_a_follow_up_is_recorded(
    client: Client, parent: str, body: dict[str, Any], sms_body: dict[str, Any]
) -> None:
    for path in ("reminders", "thankyous"):
        for _ in range(2):
            assert call(client, "POST", f"{parent}/{path}", body, idempotency_key=path).status_code == 200
    sms = {**sms_body, "method": "Reminder", "parentDistributionId": parent.rpartition("/")[2], "sendDate": None}
    del sms["recipients"]
    faults_of(call(client, "POST", "distributions/sms", {**sms, "message": {"messageText": "No link"}}))
    result_of(call(client, "POST", "distributions/sms", sms))
    entry = ("step_added", "distribution", str(Distribution.objects.get().pk))
    assert list(AuditEntry.objects.values_list("action", "object_type", "object_id")) == [entry] * 3
