"""Anonymous links that are nobody's: `CreateDistribution` without a list and without a contact."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from channels.models import SandboxMessage
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.links import find_link
from distributor.models import Distribution, Response
from tests.support.api.lists_and_links import call, elements_of, error_of, faults_of, is_id, result_of
from tests.support.engine.people import dispatch


@pytest.fixture
def body(links_body: dict[str, Any]) -> dict[str, Any]:
    return {**links_body, "linkType": "Anonymous", "mailingListId": None}


@pytest.fixture
def made(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = result_of(call(client, "POST", "distributions", body))
    return result


@pytest.fixture
def page(made: dict[str, Any]) -> str:
    """The path of the link's page."""
    return str(made["surveyLink"]["url"]).removeprefix("http://localhost:8000")


def test_one_link_is_made_and_shown(client: Client, made: dict[str, Any]) -> None:
    assert set(made) == {"id", "surveyLink"}
    assert is_id("EMD", made["id"])
    [link] = elements_of(call(client, "GET", f"distributions/{made['id']}/links"))
    assert (link["link"], link["contactId"], link["status"]) == (made["surveyLink"]["url"], None, "Email not sent")
    assert link["linkExpiration"] == "2030-09-13T00:00:00Z"
    assert elements_of(call(client, "GET", f"distributions/{made['id']}/links?email=p0@example.com")) == []
    shown = result_of(call(client, "GET", f"distributions/{made['id']}"))
    assert (shown["requestType"], shown["requestStatus"]) == ("GeneratedInvite", "Generated")
    assert shown["surveyLink"]["linkType"] == "Anonymous"
    listed = elements_of(call(client, "GET", "distributions?distributionRequestType=GeneratedInvite"))
    assert [element["id"] for element in listed] == [made["id"]]
    dispatch()
    assert not SandboxMessage.objects.exists()


def test_anybody_may_respond_any_number_of_times_anonymously(client: Client, page: str) -> None:
    pages = Client()
    assert pages.get(page).status_code == 200
    for score in (9, 3):
        assert pages.post(page, {"score": score}, headers={"sec-fetch-user": "?1"}).status_code == 303
    assert pages.get(f"{page}/thanks").status_code == 200
    code = page.removeprefix("/p/")
    assert (
        client.post(f"/api/v1/links/{code}/responses", {"answers": {"score": 7}}, "application/json").status_code == 201
    )
    assert sorted(response.answers["score"] for response in Response.objects.all()) == [3, 7, 9]
    assert not Response.objects.filter(recipient__isnull=False).exists()
    assert pages.get(page.replace("/p/", "/u/")).status_code == 404
    link = client.get(f"/api/v1/links/{code}").json()
    assert (link["state"], link["contact"], link["respondedAt"]) == ("open", None, None)


def test_deleting_and_expiry_close_it(client: Client, made: dict[str, Any], page: str) -> None:
    Distribution.objects.update(expires_at=database_now())
    assert Client().get(page).status_code == 410
    Distribution.objects.update(expires_at=None)
    assert Client().get(page).status_code == 200
    assert call(client, "DELETE", f"distributions/{made['id']}").status_code == 200
    assert Client().get(page).status_code == 410
    assert Client().post(page, {"score": 1}).status_code == 410


def test_nobody_else_knows_it(made: dict[str, Any], page: str) -> None:
    other = UUID("01a20000-0000-7000-8000-000000000000")
    code = page.removeprefix("/p/")
    assert find_link(code, database_now()) is not None
    assert find_link(code, database_now(), organization_id=other) is None


def test_nobody_is_reminded(client: Client, made: dict[str, Any], send_body: dict[str, Any]) -> None:
    answer = call(client, "POST", f"distributions/{made['id']}/reminders", {"message": send_body["message"]})
    assert error_of(answer, "409 - Conflict")["errorCode"] == "nothing_sent"


def test_only_anonymous_links_may_be_nobodys(client: Client, body: dict[str, Any]) -> None:
    personal = call(client, "POST", "distributions", {**body, "linkType": "Individual"})
    assert faults_of(personal) == [("/mailingListId", "no_recipients")]
    assert faults_of(call(client, "POST", "distributions", {**body, "dryRun": True})) == [("/dryRun", "not_supported")]
    assert not Distribution.objects.exists()
