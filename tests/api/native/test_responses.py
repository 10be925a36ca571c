"""Responses over the API: found by survey and attributes, page by page, and brought in from elsewhere."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.api_keys import create_api_key
from contacts.ids import new_id
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Response, Survey
from tests.support.api.bodies import faults_in
from tests.support.journeys import make_contact, make_organization, make_sent_journey, make_survey

PATH = "/api/v1/responses"


def answered(survey: Survey, attributes: dict[str, Any] | None = None, **answers: Any) -> Response:
    recipient = make_sent_journey(survey, attributes=attributes or {})
    return record_response(recipient.code, answers, database_now())


def ids_in(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def import_all(client: Client, *responses: dict[str, Any]) -> Any:
    return client.post(f"{PATH}/import", json.dumps({"responses": responses}), content_type="application/json")


def test_a_response_is_shown_with_who_gave_it(client: Client, survey: Survey) -> None:
    contact = make_contact(survey.organization, locale="pl", embedded_data={"ward": "B"})
    recipient = make_sent_journey(survey, contact, attributes={"plan": "pro"})
    stored = record_response(recipient.code, {"nps": 9}, database_now())
    assert client.get(PATH).json() == {
        "items": [
            {
                "id": str(stored.pk),
                "surveyId": str(survey.pk),
                "recipient": {
                    "code": recipient.code,
                    "distributionId": str(recipient.distribution_id),
                    "contactId": str(contact.pk),
                    "externalId": contact.external_id,
                    "email": contact.email,
                    "phone": contact.phone,
                },
                "locale": "pl",
                "attributes": {"ward": "B", "plan": "pro"},
                "answers": {"nps": 9},
                "submittedAt": stored.submitted_at.isoformat().replace("+00:00", "Z"),
            }
        ],
        "nextCursor": None,
    }


def test_an_anonymous_response_is_shown_without(client: Client, survey: Survey) -> None:
    recipient = make_sent_journey(survey, attributes={"plan": "pro"})
    Distribution.objects.update(link_type="anonymous")
    record_response(recipient.code, {"nps": 9}, database_now())
    [item] = client.get(PATH).json()["items"]
    assert (item["recipient"], item["locale"], item["attributes"]) == (None, None, {})
    assert item["submittedAt"] == f"{database_now():%Y-%m-%d}T00:00:00Z"


def test_attributes_filter(client: Client, survey: Survey) -> None:
    pro_us = answered(survey, {"plan": "pro", "country": "US"})
    pro_pl = answered(survey, {"plan": "pro", "country": "PL"})
    free = answered(survey, {"plan": "free", "seats": 3, "trial": True})
    as_text = answered(survey, {"seats": "3", "nested": {"plan": "pro"}})
    expected = {
        "attributes.plan=pro": [pro_pl, pro_us],
        "attributes.plan=pro&attributes.country=US": [pro_us],
        "attributes.plan=pro&attributes.plan=free": [free, pro_pl, pro_us],
        "attributes.seats=3": [as_text, free],
        "attributes.trial=true": [free],
        "attributes.plan=": [],
        "attributes.plan=PRO": [],
        "attributes.nobody=x": [],
        "": [as_text, free, pro_pl, pro_us],
    }
    for query, rows in expected.items():
        assert ids_in(client.get(f"{PATH}?{query}")) == [str(row.pk) for row in rows], query


def test_the_survey_filters(client: Client, survey: Survey, organization: Organization) -> None:
    other = make_survey(organization)
    ours, theirs = answered(survey, {"plan": "pro"}), answered(other, {"plan": "pro"})
    assert ids_in(client.get(f"{PATH}?attributes.plan=pro&surveyId={survey.pk}")) == [str(ours.pk)]
    assert ids_in(client.get(f"{PATH}?surveyId={other.pk}")) == [str(theirs.pk)]
    assert ids_in(client.get(f"{PATH}?surveyId={new_id()}")) == []


def test_another_organisations_responses_are_not_shown(client: Client, organization: Organization) -> None:
    answered(make_survey(make_organization()), {"plan": "pro"})
    assert ids_in(client.get(PATH)) == ids_in(client.get(f"{PATH}?attributes.plan=pro")) == []


def test_pages_keep_their_filters(client: Client, survey: Survey) -> None:
    rows = [answered(survey, {"plan": plan}) for plan in ("a", "b", "a", "c", "b")]
    wanted = [str(row.pk) for row in reversed(rows) if row.attributes["plan"] != "c"]
    query, seen = f"attributes.plan=a&attributes.plan=b&surveyId={survey.pk}&limit=3", []
    page = client.get(f"{PATH}?{query}")
    seen += ids_in(page)
    assert len(seen) == 3
    following = page["Link"].removeprefix("<http://testserver").partition(">")[0]
    page = client.get(following)
    assert seen + ids_in(page) == wanted
    assert page.json()["nextCursor"] is None


def test_an_attribute_without_a_value_is_refused(client: Client) -> None:
    body = json.dumps({"attributes": {"plan": [], "ward": ["A"]}})
    response = client.post("/api/v1/responses/search", body, content_type="application/json")
    assert response.status_code == 400
    assert [(fault["pointer"], fault["code"]) for fault in response.json()["errors"]] == [
        ("/attributes/plan", "too_short")
    ]


@pytest.mark.parametrize("query", ["attributes.customer=77", "attributes.customer=77&surveyId={survey}"])
def test_a_rare_attribute_is_found_along_an_index(client: Client, survey: Survey, query: str) -> None:
    now = database_now()
    Response.objects.bulk_create(
        Response(
            survey=survey,
            recipient_id=number,
            attributes={"customer": str(number), "plan": "pro"},
            answers={},
            submitted_at=now,
        )
        for number in range(1, 5_001)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE distributor_response")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{PATH}?{query.format(survey=survey.pk)}")
    [asked] = [one["sql"] for one in captured.captured_queries if 'FROM "distributor_response"' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "responses_by_attribute" in plan, plan


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("surveyId=7", [("?surveyId", "invalid")]),
        ("cursor=x&limit=0", [("?cursor", "invalid_cursor"), ("?limit", "out_of_range")]),
        ("attributes.a=%00", [("?attributes.a", "nul_character")]),
        ("attributes.%00=a", [("?attributes.\\0", "nul_character")]),
        ("&".join(f"attributes.{number}=a" for number in range(11)), [("?attributes", "too_many")]),
        ("surveyId=7&limit=x", [("?surveyId", "invalid"), ("?limit", "out_of_range")]),
    ],
)
def test_wrong_questions_are_400(client: Client, query: str, faults: list[tuple[str, str]]) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 400
    assert faults_in(answer) == faults


def test_reading_and_importing_need_their_scopes(organization: Organization, survey: Survey) -> None:
    read, send = (
        Client(headers={"x-api-key": create_api_key(organization, scope, [scope])[1]})
        for scope in (Scope.READ, Scope.SEND)
    )
    row = {"surveyId": str(survey.pk), "answers": {}}
    assert (Client().get(PATH).status_code, send.get(PATH).status_code, read.get(PATH).status_code) == (401, 403, 200)
    codes = [import_all(one, row).status_code for one in (Client(), read, send)]
    assert codes == [401, 403, 200]


def test_imported_answers_use_their_links_up_and_keep_their_moment(client: Client, survey: Survey) -> None:
    recipient = make_sent_journey(survey, attributes={"plan": "pro"})
    at = database_now() - timedelta(days=3)
    row = {"code": recipient.code, "answers": {"nps": 9}, "submittedAt": at.isoformat()}
    answer = import_all(client, row)
    stored = Response.objects.get()
    moment = at.isoformat().replace("+00:00", "Z")
    assert answer.json() == {
        "imported": 1,
        "results": [{"id": str(stored.pk), "submittedAt": moment, "error": None}],
    }
    recipient.refresh_from_db()
    assert (stored.submitted_at, stored.attributes, recipient.responded_at) == (at, {"plan": "pro"}, at)
    again = import_all(client, row).json()
    assert (again["imported"], again["results"][0]["error"]) == (0, "link_used")
    assert Response.objects.count() == 1


def test_answers_given_before_a_link_expired_are_taken(client: Client, survey: Survey) -> None:
    now = database_now()
    early, late = (make_sent_journey(survey, expires_at=now - timedelta(hours=1)) for _ in range(2))
    answer = import_all(
        client,
        {"code": early.code, "answers": {}, "submittedAt": (now - timedelta(hours=2)).isoformat()},
        {"code": late.code, "answers": {}, "submittedAt": now.isoformat()},
    )
    assert [result["error"] for result in answer.json()["results"]] == [None, "link_expired"]


def test_one_that_cannot_be_stored_stops_no_other(client: Client, survey: Survey) -> None:
    theirs = make_sent_journey(make_survey(make_organization()))
    ours = make_sent_journey(survey)
    answer = import_all(
        client,
        {"code": "abcdefghijkl", "answers": {}},
        {"code": theirs.code, "answers": {}},
        {"surveyId": str(new_id()), "answers": {}},
        {"surveyId": str(theirs.distribution.survey_id), "answers": {}},
        {"code": ours.code, "answers": {}},
        {"code": ours.code, "answers": {}},
    )
    assert answer.status_code == 200
    assert [result["error"] for result in answer.json()["results"]] == [
        *("link_not_found", "link_not_found", "survey_not_found", "survey_not_found", None, "link_used")
    ]
    assert Response.objects.get().recipient == ours


def test_answers_without_a_code_are_nobodys(client: Client, survey: Survey) -> None:
    row = {"surveyId": str(survey.pk), "answers": {"nps": 3}, "submittedAt": "2025-03-01T23:30:00-05:00"}
    assert import_all(client, row).json()["imported"] == 1
    stored = Response.objects.get()
    assert (stored.survey, stored.recipient_id, stored.attributes) == (survey, None, {})
    assert stored.submitted_at == datetime.fromisoformat("2025-03-02T00:00:00+00:00")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"answers": {}}, ("/responses/0", "code_or_survey")),
        ({"code": "a", "surveyId": str(new_id()), "answers": {}}, ("/responses/0", "code_or_survey")),
        ({"code": "a"}, ("/responses/0/answers", "missing")),
        ({"code": "a\0", "answers": {}}, ("/responses/0/code", "nul_character")),
        (
            {"code": "a", "answers": {}, "submittedAt": "2026-03-01T12:00:00"},
            ("/responses/0/submittedAt", "offset_missing"),
        ),
        (
            {"code": "a", "answers": {}, "submittedAt": "2999-03-01T12:00:00Z"},
            ("/responses/0/submittedAt", "datetime_range"),
        ),
        (
            {"code": "a", "answers": {}, "submittedAt": "1969-12-31T23:59:59Z"},
            ("/responses/0/submittedAt", "datetime_range"),
        ),
        ({"code": "a", "answers": {}, "more": 1}, ("/responses/0/more", "extra_forbidden")),
    ],
)
def test_a_bad_import_stores_nothing(client: Client, survey: Survey, row: Any, fault: tuple[str, str]) -> None:
    answer = import_all(client, row, {"surveyId": str(survey.pk), "answers": {}})
    assert answer.status_code == 400
    assert faults_in(answer) == [fault]
    assert not Response.objects.exists()


def test_two_hundred_responses_are_imported_at_once_and_no_more(client: Client, survey: Survey) -> None:
    row = {"surveyId": str(survey.pk), "answers": {}}
    assert import_all(client, *[row] * 200).json()["imported"] == 200
    assert faults_in(import_all(client, *[row] * 201)) == [("/responses", "too_long")]
