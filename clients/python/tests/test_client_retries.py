"""When calls are made again: answers of a server that is away or busy, and what must not be repeated."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contacts.models import Organization
from distributor_client import (
    Distributor,
    NotFoundError,
    RetryPolicy,
    ServerError,
    TooManyRequestsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from distributor_client.calls import act, get
from distributor_client.models import ContactDocument, ImportDocument
from tests.conftest import api_key as api_key

POLICY = RetryPolicy(tries=3, first_delay_seconds=0.001)
SURVEYS: dict[str, Any] = {"items": [], "nextCursor": None}
READ = get("/contacts/{contact_id}", ContactDocument, "x")
Outcome = httpx.Response | Exception


def away(status: int = 503, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, text="<html>away</html>")


class Script:
    """A server that answers by a list, whatever it is asked. The last answer is repeated."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return httpx.Response(outcome.status_code, headers=outcome.headers, content=outcome.content)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        return self.answer(request)


@pytest.fixture
def scripted(connect: Any, request: pytest.FixtureRequest) -> Callable[..., tuple[Any, Script]]:
    def make(*outcomes: Outcome) -> tuple[Any, Script]:
        script = Script(*outcomes)
        is_sync = request.node.callspec.params["connect"] == "sync"
        handler: Any = script.answer if is_sync else script.answer_async
        return connect("http://test", "key", retry=POLICY, transport=httpx.MockTransport(handler)), script

    return make


@pytest.mark.parametrize(
    "outcome", [away(502), away(503), away(504), away(429), httpx.ConnectError("no"), httpx.ReadError("cut")]
)
def test_a_read_is_made_again(scripted: Any, outcome: Outcome) -> None:
    client, script = scripted(outcome, httpx.Response(200, json=SURVEYS))
    assert list(client.surveys.list()) == []
    assert len(script.requests) == 2


def test_tries_are_bounded_and_the_last_error_is_raised(scripted: Any) -> None:
    client, script = scripted(away())
    with pytest.raises(ServerError, match="503 no_problem_document"):
        list(client.surveys.list())
    assert len(script.requests) == POLICY.tries


def test_all_tries_of_a_call_have_the_same_key_and_each_call_its_own(scripted: Any) -> None:
    client, script = scripted(httpx.ReadTimeout("slow"), httpx.ReadTimeout("slow"), away(400))
    for _ in range(2):
        with pytest.raises(Exception, match="400"):
            client.distributions.create(survey_id="x", steps=[], audience={})
    keys = [request.headers["Idempotency-Key"] for request in script.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_a_post_without_a_key_is_made_again_only_if_it_never_arrived(scripted: Any) -> None:
    client, script = scripted(httpx.ReadError("cut"))
    with pytest.raises(UnreachableError) as caught:
        client.lists.create("Ward B")
    assert (len(script.requests), caught.value.may_have_happened) == (1, True)
    client, script = scripted(httpx.ConnectError("refused"))
    with pytest.raises(UnreachableError) as caught:
        client.lists.create("Ward B")
    assert (len(script.requests), caught.value.may_have_happened) == (POLICY.tries, False)


@pytest.mark.parametrize("lost", [httpx.ReadTimeout("slow"), away(503)])
def test_what_an_earlier_try_may_have_done_is_told_after_the_last_one(scripted: Any, lost: Outcome) -> None:
    client, _script = scripted(lost, httpx.ConnectError("refused"))
    with pytest.raises(UnreachableError) as caught:
        client.distributions.create(survey_id="x", steps=[], audience={})
    assert caught.value.may_have_happened


def test_what_was_never_there_is_not_deleted_by_a_try_that_did_not_arrive(scripted: Any) -> None:
    client, script = scripted(httpx.ConnectError("refused"), httpx.Response(404, json={"code": "not_found"}))
    with pytest.raises(NotFoundError):
        client.surveys.delete("x")
    assert len(script.requests) == 2


def test_an_answer_of_somebody_else_is_an_error_of_ours(scripted: Any) -> None:
    client, _script = scripted(httpx.Response(200, text="<html>Log in to the hotel's network</html>"))
    with pytest.raises(UnexpectedAnswerError, match="GET /api/v1/surveys: 200"):
        list(client.surveys.list())


def test_a_read_that_waits_has_longer_to_answer(scripted: Any) -> None:
    client, script = scripted(httpx.Response(200, json={"items": [], "next": "x", "hasMore": False}))
    assert client.events.read(wait_seconds=30).next == "x"
    assert script.requests[0].extensions["timeout"]["read"] == 60


def test_a_try_that_is_still_at_work_is_waited_for(scripted: Any) -> None:
    in_flight = httpx.Response(409, json={"code": "idempotency_key_in_flight", "detail": "…", "errors": []})
    client, script = scripted(httpx.ReadError("cut"), in_flight, away(400))
    with pytest.raises(Exception, match="400"):
        client.distributions.create(survey_id="x", steps=[], audience={})
    assert len(script.requests) == 3


def test_something_deleted_by_a_lost_try_is_deleted(scripted: Any) -> None:
    client, script = scripted(httpx.ReadError("cut"), httpx.Response(404, json={"code": "not_found"}))
    client.surveys.delete("x")
    assert len(script.requests) == 2


def test_waits_are_as_long_as_the_server_says_up_to_a_limit() -> None:
    policy = RetryPolicy(longest_delay_seconds=60)
    assert policy.delay_after_answer(READ, 1, away(429, **{"Retry-After": "42"})) == 42
    assert policy.delay_after_answer(READ, 1, away(429, **{"Retry-After": "3600"})) is None
    assert policy.delay_after_answer(act("/links", ImportDocument), 5, away(503)) is None


def test_waits_double_up_to_the_limit() -> None:
    policy = RetryPolicy(tries=20, first_delay_seconds=1, longest_delay_seconds=8)
    for tries, longest in ((1, 1), (2, 2), (3, 4), (4, 8), (12, 8)):
        delay = policy.delay_after_answer(READ, tries, away())
        assert delay is not None
        assert longest / 2 <= delay <= longest


def test_a_limit_of_the_real_server_is_told(live_server: Any, organization: Organization, api_key: str) -> None:
    organization.requests_per_minute = 1
    organization.save()
    with Distributor(live_server.url, api_key, retry=RetryPolicy(tries=1)) as client:
        assert list(client.surveys.list()) == []
        with pytest.raises(TooManyRequestsError) as caught:
            list(client.surveys.list())
    assert 0 < (caught.value.retry_after_seconds or 0) <= 60
