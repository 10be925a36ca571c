"""What one line above a handler gives to a dialect with errors and answers of its own, and how it is documented."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from django.test import Client
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Problem
from distributor.api.calls.idempotency import idempotent
from distributor.models import IdempotencyKey

SENDING = {
    *("createQuickDistribution", "sendSurvey", "createDistribution", "createLink", "addStep", "addRecipients"),
    *("retryDistribution", "cloneDistribution", "createImport", "startExport", "saveContacts"),
    *("v3CreateDistribution", "v3CreateSmsDistribution", "v3CreateReminder", "v3CreateThankYou"),
}


class BluntView(APIView):
    """A dialect that answers with the status that it is asked for, and says errors in a word."""

    scopes: ClassVar = {"POST": Scope.SEND}

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        def handle(error: Exception, context: Mapping[str, Any]) -> Response:
            assert isinstance(error, Problem)
            return Response({"Fault": error.code}, status=error.status_code)

        return handle

    @idempotent
    def post(self, request: Request) -> Response:
        made = Organization.objects.create(name="Made", slug=f"made-{Organization.objects.count()}")
        return Response(
            {"Id": made.slug}, status=int(request.query_params["status"]), content_type="application/vnd.blunt+json"
        )


@pytest.fixture
def send(api_key: str) -> Callable[..., Any]:
    def send(status: int, key: str) -> Any:
        headers = {"x-api-key": api_key, "idempotency-key": key}
        response = BluntView.as_view()(APIRequestFactory().post(f"/?status={status}", {}, "json", headers=headers))
        return response.render() if isinstance(response, Response) else response

    return send


def test_refusals_have_the_dialects_own_shape(send: Callable[..., Any]) -> None:
    assert send(201, "k").status_code == 201
    answers = [send(202, "k"), send(201, "")]
    assert [(answer.status_code, answer.content) for answer in answers] == [
        (422, b'{"Fault":"idempotency_key_reused"}'),
        (400, b'{"Fault":"invalid_request"}'),
    ]


@pytest.mark.parametrize("status", [200, 201, 202, 207])
def test_every_success_is_answered_again_as_it_was(send: Callable[..., Any], status: int) -> None:
    first, again = send(status, "k"), send(status, "k")
    assert (again.status_code, again.content) == (status, first.content) == (status, b'{"Id":"made-1"}')
    assert again["Content-Type"] == first["Content-Type"] == "application/vnd.blunt+json"


@pytest.mark.parametrize("status", [302, 400, 409, 422, 500])
def test_what_is_no_success_is_not_kept_however_it_is_said(send: Callable[..., Any], status: int) -> None:
    first, again = send(status, "k"), send(status, "k")
    assert (first.status_code, again.status_code) == (status, status)
    assert first.content != again.content
    assert not IdempotencyKey.objects.exists()


def test_the_header_is_documented_on_every_call_that_sends_with_what_it_can_be_answered() -> None:
    schema = Client().get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"}).json()
    taking = {}
    for path in schema["paths"].values():
        for call in path.values():
            named = {parameter["name"]: parameter for parameter in call.get("parameters", [])}
            if "Idempotency-Key" in named:
                taking[call["operationId"]] = (named["Idempotency-Key"], set(call["responses"]))
    assert set(taking) == SENDING
    for parameter, statuses in taking.values():
        assert (parameter["in"], parameter.get("required", False)) == ("header", False)
        assert "24 hours" in parameter["description"]
        assert {"400", "409", "422"} <= statuses
