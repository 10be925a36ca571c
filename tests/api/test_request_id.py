import pytest
from django.test import Client

PATHS = ["/healthz", "/api/v1/distributions", "/p/abcdefghijkl", "/nowhere"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", ["1", "req-42", "A.b_c:d/e+f=g-h", "x" * 128])
def test_a_callers_id_is_echoed(path: str, given: str) -> None:
    assert Client(headers={"x-request-id": given}).get(path)["X-Request-Id"] == given


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", " ", "two words", "x" * 129, "zażółć", 'a"b', "a;b", "<script>", "a\tb"])
def test_any_other_id_is_replaced(given: str) -> None:
    answered = [Client(headers={"x-request-id": given}).get("/healthz")["X-Request-Id"] for _ in range(2)]
    assert given not in answered
    assert len(set(answered)) == 2
    assert all(len(request_id) == 36 for request_id in answered)


def test_every_request_without_an_id_gets_its_own(client: Client) -> None:
    assert len({client.get("/healthz")["X-Request-Id"] for _ in range(10)}) == 10


def test_a_problem_names_the_callers_id(client: Client) -> None:
    response = client.get("/api/v1/distributions/unknown", headers={"x-request-id": "req-42"})
    assert (response.status_code, response.json()["requestId"]) == (404, "req-42")


def test_a_problem_names_the_id_that_was_made(client: Client) -> None:
    response = client.get("/api/v1/distributions/unknown", headers={"x-request-id": "two words"})
    assert response.json()["requestId"] == response["X-Request-Id"]


def test_the_log_names_the_callers_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/api/v1/distributions", headers={"x-request-id": "req-42"})
    assert "'request_id': 'req-42'" in str(caplog.messages)
