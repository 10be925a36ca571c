"""A call that is repeated with its Idempotency-Key is answered again and not made again."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import ProviderAccount, SandboxMessage
from contacts.api_keys import create_api_key
from contacts.ids import new_id
from contacts.models import Contact, Organization
from contacts.models.api_key import Scope
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, IdempotencyKey, Survey
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, faults_in, rows_written

REPLAYED = "Idempotent-Replayed"


def assert_refused(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.content
    assert response["Content-Type"] == "application/problem+json"
    assert REPLAYED not in response


def test_a_repeated_call_is_answered_byte_for_byte_and_sends_nothing(post: Post, body: dict[str, Any]) -> None:
    first = post(body, idempotency_key="discharge 42")
    written = rows_written()
    again = post(body, idempotency_key="discharge 42")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"] == "application/json"
    assert (REPLAYED in first, again[REPLAYED]) == (False, "true")
    assert again["X-Request-Id"] != first["X-Request-Id"]
    assert rows_written() == written
    assert Distribution.objects.count() == 1


def test_the_first_answer_is_given_although_everything_has_moved_on(
    client: Client, post: Post, body: dict[str, Any]
) -> None:
    first = post(body, idempotency_key="k")
    dispatch_lane("urgent", database_now)
    Contact.objects.update(email="moved@example.com", external_id="PAT-2")
    client.post(f"/api/v1/distributions/{first.json()['distributionId']}/cancel")
    ProviderAccount.objects.update(is_active=False)
    again = post(body, idempotency_key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert SandboxMessage.objects.count() == 1


def test_without_a_key_a_repeated_call_is_made_again(post: Post, body: dict[str, Any]) -> None:
    assert post(body).json()["distributionId"] != post(body).json()["distributionId"]
    assert not IdempotencyKey.objects.exists()


def test_each_key_is_a_call_of_its_own(post: Post, body: dict[str, Any]) -> None:
    for key in ("k", "K", '"k"', "k/2"):
        assert REPLAYED not in post(body, idempotency_key=key)
    assert Distribution.objects.count() == 4


def test_a_key_with_another_body_is_422(post: Post, body: dict[str, Any]) -> None:
    first = post(body, idempotency_key="k")
    written = rows_written()
    assert_refused(post({**body, "name": "Another"}, idempotency_key="k"), 422, "idempotency_key_reused")
    assert rows_written() == written
    assert post(body, idempotency_key="k").content == first.content


def test_a_key_with_another_path_or_query_is_422(client: Client, survey: Survey, body: dict[str, Any]) -> None:
    path = f"/api/surveys/{survey.pk}/distributions/quick"
    headers = {"idempotency-key": "k"}
    assert client.post(path, body, content_type="application/json", headers=headers).status_code == 201
    for other in (f"/api/surveys/{new_id()}/distributions/quick", f"{path}?again=1"):
        response = client.post(other, body, content_type="application/json", headers=headers)
        assert_refused(response, 422, "idempotency_key_reused")


def test_a_refused_call_leaves_its_key_to_the_corrected_one(post: Post, body: dict[str, Any]) -> None:
    for wrong in ({**body, "channelMode": "both"}, {**body, "surveyId": str(new_id())}, "no JSON"):
        assert post(wrong, idempotency_key="k").status_code == 400
    unknown = {**body, "contacts": [{"contactId": str(new_id())}]}
    assert post(unknown, idempotency_key="k").status_code == 404
    assert rows_written() == NOTHING
    right = post(body, idempotency_key="k")
    assert (right.status_code, REPLAYED in right) == (201, False)
    assert post(body, idempotency_key="k").content == right.content


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "klucz-ż", "a\tb", "a\x7f", "k\xa0"])
def test_a_key_that_is_none_is_400_and_named(post: Post, body: dict[str, Any], key: str) -> None:
    response = post(body, idempotency_key=key)
    assert_refused(response, 400, "invalid_request")
    assert faults_in(response) == [("Idempotency-Key", "invalid_idempotency_key")]
    assert rows_written() == NOTHING


def test_a_key_of_255_characters_is_taken(post: Post, body: dict[str, Any]) -> None:
    first = post(body, idempotency_key="~" * 255)
    assert post(body, idempotency_key="~" * 255).content == first.content


def test_api_keys_do_not_see_one_anothers_answers(
    organization: Organization, survey: Survey, post: Post, body: dict[str, Any]
) -> None:
    ours = post(body, idempotency_key="k").json()["distributionId"]
    colleague = Client(headers={"x-api-key": create_api_key(organization, "colleague", [Scope.SEND])[1]})
    path, headers = f"/api/surveys/{survey.pk}/distributions/quick", {"idempotency-key": "k"}
    theirs = colleague.post(path, json.dumps(body), content_type="application/json", headers=headers)
    assert (theirs.status_code, REPLAYED in theirs) == (201, False)
    assert theirs.json()["distributionId"] != ours
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    client = Client(headers={"x-api-key": create_api_key(stranger, "theirs", list(Scope))[1]})
    assert client.post(path, json.dumps(body), content_type="application/json", headers=headers).status_code == 404


def test_a_key_that_may_not_send_is_given_no_answer(
    organization: Organization, survey: Survey, post: Post, body: dict[str, Any]
) -> None:
    post(body, idempotency_key="k")
    reader = Client(headers={"x-api-key": create_api_key(organization, "reader", [Scope.READ])[1]})
    path = f"/api/surveys/{survey.pk}/distributions/quick"
    response = reader.post(path, json.dumps(body), content_type="application/json", headers={"idempotency-key": "k"})
    assert_refused(response, 403, "permission_denied")


@pytest.mark.django_db(transaction=True)
def test_a_call_without_a_key_asks_nothing_more_and_one_with_a_key_two_statements(
    post: Post, body: dict[str, Any]
) -> None:
    post(body)
    with CaptureQueriesContext(
        connection,
    ) as plain:
        post(body)
    with CaptureQueriesContext(connection) as keyed:
        post(body, idempotency_key="k")
    with CaptureQueriesContext(connection) as replayed:
        post(body, idempotency_key="k")
    assert [count_about(queries, "distributor_idempotencykey") for queries in (plain, keyed, replayed)] == [0, 2, 1]
    assert [count_about(queries, "SAVEPOINT") for queries in (plain, keyed, replayed)] == [0, 2, 0]
    assert len(keyed) == len(plain) + 4


def count_about(queries: CaptureQueriesContext, word: str) -> int:
    return sum(word in query["sql"] for query in queries.captured_queries)
