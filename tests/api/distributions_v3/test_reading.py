"""What a distribution shows of itself: fields, stats, history, pages and filters."""

from typing import Any

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
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, result_of
from tests.support.engine.people import dispatch


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
        "customHeaders": None,
        "headers": send_body["header"],
        "recipients": {
            "mailingListId": send_body["recipients"]["mailingListId"],
            "contactId": None,
            "libraryId": owner,
            "sampleId": None,
        },
        "message": {**send_body["message"], "messageText": None, "messageType": None},
        "surveyLink": {
            "surveyId": send_body["surveyLink"]["surveyId"],
            "expirationDate": "2030-01-21T00:00:00Z",
            "linkType": "Individual",
        },
        "embeddedData": {},
        "stats": dict.fromkeys(
            ("sent", "failed", "started", "bounced", "opened", "skipped", "finished", "complaints", "blocked"), 0
        ),
    }
    path = f"distributions/{made['id']}?surveyId={send_body['surveyLink']['surveyId']}"
    assert result_of(call(client, "GET", path)) == expected
    assert elements_of(call(client, "GET", "distributions")) == [expected]


def test_links_only_show_as_generated(client: Client, links_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions", links_body))
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert (shown["requestStatus"], shown["requestType"]) == ("Generated", "GeneratedInvite")
    assert set(shown["message"].values()) == set(shown["headers"].values()) == {None}


def test_stats_count_people(
    client: Client, send_body: dict[str, Any], crowd: list[Contact], accounts: dict[Channel, ProviderAccount]
) -> None:
    opt_out(crowd[0].pk, database_now(), source="a test")
    other = result_of(call(client, "POST", "distributions", send_body))
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    row = Distribution.objects.order_by("-id")[0]
    one, two, three, four = Recipient.objects.filter(distribution=row).order_by("id")
    record_open(one, database_now())
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


def test_a_page_makes_as_many_queries_for_many_distributions_as_for_one(
    client: Client, links_body: dict[str, Any], django_assert_num_queries: Any
) -> None:
    result_of(call(client, "POST", "distributions", links_body))
    elements_of(call(client, "GET", "distributions"))  # Records when the key was used.
    for count in (1, 3):
        with django_assert_num_queries(7):  # Including the key's and one of the clock.
            assert len(elements_of(call(client, "GET", "distributions"))) == count
        for _ in range(2):
            result_of(call(client, "POST", "distributions", links_body))


def test_history_tells_what_became_of_everybody(
    client: Client, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    opt_out(crowd[4].pk, database_now(), source="a test")
    made = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    recipients = list(Recipient.objects.order_by("id"))
    record_open(recipients[1], database_now())
    response = record_response(recipients[2].code, {"score": 1}, database_now())
    Attempt.objects.filter(recipient_id=recipients[3].pk).update(trouble=Trouble.BOUNCED)
    told = elements_of(call(client, "GET", f"distributions/{made['id']}/history"))
    assert [one["status"] for one in told] == ["Success", "Opened", "SurveyFinished", "HardBounce", "Skipped"]
    answered = told[2]
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
    assert seen == told


def test_the_filters_of_the_list_of_distributions(
    client: Client, links_body: dict[str, Any], send_body: dict[str, Any]
) -> None:
    links = result_of(call(client, "POST", "distributions", links_body))["id"]
    sent = result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))["id"]

    def found(query: str) -> list[str]:
        return [one["id"] for one in elements_of(call(client, "GET", f"distributions?{query}"))]

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


def test_pages_by_token_and_by_offset_name_the_next_one(client: Client, links_body: dict[str, Any]) -> None:
    ids = [result_of(call(client, "POST", "distributions", links_body))["id"] for _ in range(4)][::-1]
    for query in ("pageSize=1&skipToken=0", "pageSize=1&offset=1"):
        path: str | None = f"distributions?surveyId={links_body['surveyId']}&{query}"
        seen = []
        while path:
            page = result_of(call(client, "GET", path))
            seen += [one["id"] for one in page["elements"]]
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
