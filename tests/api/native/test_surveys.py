"""/api/v1/surveys"""

import pytest
from django.test import Client

from distributor.models import Survey
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, BODIES, make, patch, post
from tests.support.journeys import make_journey

pytestmark = pytest.mark.usefixtures("allowed_host")


def test_a_survey_is_answered_as_it_was_given(client: Client) -> None:
    made = make(client, "surveys")
    assert made.items() >= BODIES["surveys"].items()
    assert set(made) == {*BODIES["surveys"], "id", "createdAt"}


def test_what_is_not_given_is_null(client: Client) -> None:
    made = post(client, "surveys", {"name": " Your stay "}).json()
    assert (made["name"], made["defaultLocale"]) == ("Your stay", "en")
    assert all(made[name] is None for name in BODIES["surveys"] if name not in ("name", "defaultLocale"))


def test_a_patch_changes_what_it_says_and_null_clears(client: Client) -> None:
    made = make(client, "surveys")
    response = patch(client, f"surveys/{made['id']}", {"question": "Would you?", "targetUrl": None})
    assert response.status_code == 200
    assert response.json() == {**made, "question": "Would you?", "targetUrl": None}
    assert client.get(f"{BASE}/surveys/{made['id']}").json() == response.json()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "https://survey.example.com.evil.example/", "http://evil/"]
)
def test_a_link_may_only_lead_to_allowed_hosts(client: Client, target: str) -> None:
    made = make(client, "surveys")
    for response in (
        post(client, "surveys", {"name": "x", "targetUrl": target}),
        patch(client, f"surveys/{made['id']}", {"targetUrl": target}),
    ):
        assert response.status_code == 400
        assert [pointer for pointer, _ in faults_in(response)] == ["/targetUrl"]
    assert Survey.objects.count() == 1


def test_every_fault_is_named_at_once(client: Client) -> None:
    body = {"defaultLocale": "x_y", "targetUrl": "https://evil.example/", "thankYouLinkUrl": "javascript:x", "more": 1}
    response = post(client, "surveys", body)
    assert response.status_code == 400
    assert sorted(faults_in(response)) == [
        ("/defaultLocale", "invalid_locale"),
        ("/more", "extra_forbidden"),
        ("/name", "missing"),
        ("/targetUrl", "host_not_allowed"),
        ("/thankYouLinkUrl", "invalid_url"),
    ]


def test_a_name_cannot_be_cleared(client: Client) -> None:
    made = make(client, "surveys")
    for name in (None, "", " "):
        response = patch(client, f"surveys/{made['id']}", {"name": name, "question": "x"})
        assert (response.status_code, [pointer for pointer, _ in faults_in(response)]) == (400, ["/name"])
    assert client.get(f"{BASE}/surveys/{made['id']}").json() == made


def test_a_survey_that_was_sent_stays(client: Client, survey: Survey) -> None:
    make_journey(survey)
    response = client.delete(f"{BASE}/surveys/{survey.pk}")
    assert (response.status_code, response.json()["code"]) == (409, "survey_in_use")
    assert faults_in(response) == [("", "used_by_distributions")]
    assert Survey.objects.filter(pk=survey.pk).exists()
