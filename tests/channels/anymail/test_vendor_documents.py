"""Errors as the services' documents list them: about whom they are, and what follows."""

import orjson
import pytest
from requests import Response
from requests.structures import CaseInsensitiveDict

from channels.providers.anymail.answers import QUOTA_PAUSE_SECONDS, judge
from channels.providers.anymail.services import SERVICES
from channels.providers.base import Outcome, Scope

PERMANENT, TRANSIENT, THROTTLED, UNKNOWN = (
    Outcome.PERMANENT,
    Outcome.TRANSIENT,
    Outcome.THROTTLED,
    Outcome.UNKNOWN,
)
PAGES = {
    "resend": "https://resend.com/docs/api-reference/errors",
    "postmark": "https://postmarkapp.com/developer/api/overview#error-codes",
    "mailgun": "https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors",
    "brevo": "https://developers.brevo.com/docs/how-it-works#http-response-codes",
}


def answer(status: int, body: object, headers: dict[str, str]) -> Response:
    response = Response()
    response.status_code = status
    response._content = orjson.dumps(body)
    response.headers = CaseInsensitiveDict(headers)
    return response


def resend(name: str) -> dict[str, object]:
    return {"statusCode": 0, "name": name, "message": "As documented."}


def postmark(code: int) -> dict[str, object]:
    return {"ErrorCode": code, "Message": "As documented."}


def mailgun(message: str) -> dict[str, object]:
    return {"message": message}


def brevo(code: str) -> dict[str, object]:
    return {"code": code, "message": "As documented."}


@pytest.mark.parametrize(
    ("esp", "status", "body", "outcome", "scope"),
    [
        ("resend", 401, resend("missing_api_key"), PERMANENT, Scope.ACCOUNT),
        ("resend", 401, resend("restricted_api_key"), PERMANENT, Scope.ACCOUNT),
        ("resend", 403, resend("invalid_api_key"), PERMANENT, Scope.ACCOUNT),
        ("resend", 405, resend("method_not_allowed"), PERMANENT, Scope.ACCOUNT),
        ("resend", 422, resend("invalid_from_address"), PERMANENT, Scope.SENDER),
        ("resend", 422, resend("invalid_attachment"), PERMANENT, Scope.CONTENT),
        ("resend", 422, resend("missing_required_field"), PERMANENT, Scope.CONTENT),
        ("resend", 429, resend("rate_limit_exceeded"), THROTTLED, Scope.ACCOUNT),
        ("resend", 429, resend("daily_quota_exceeded"), THROTTLED, Scope.ACCOUNT),
        ("resend", 429, resend("monthly_quota_exceeded"), THROTTLED, Scope.ACCOUNT),
        ("resend", 500, resend("application_error"), UNKNOWN, Scope.ACCOUNT),
        ("resend", 500, resend("internal_server_error"), UNKNOWN, Scope.ACCOUNT),
        ("postmark", 401, postmark(10), PERMANENT, Scope.ACCOUNT),
        ("postmark", 503, postmark(100), TRANSIENT, Scope.ACCOUNT),
        ("postmark", 422, postmark(400), PERMANENT, Scope.SENDER),
        ("postmark", 422, postmark(401), PERMANENT, Scope.SENDER),
        ("postmark", 422, postmark(405), PERMANENT, Scope.ACCOUNT),
        ("postmark", 422, postmark(412), PERMANENT, Scope.ACCOUNT),
        ("postmark", 429, postmark(429), THROTTLED, Scope.ACCOUNT),
        ("postmark", 413, {}, PERMANENT, Scope.CONTENT),
        ("postmark", 500, {}, UNKNOWN, Scope.ACCOUNT),
        ("mailgun", 400, mailgun("'to' parameter is not a valid address. please check documentation"), PERMANENT,
         Scope.RECIPIENT),
        ("mailgun", 401, mailgun("Forbidden"), PERMANENT, Scope.ACCOUNT),
        ("mailgun", 404, mailgun("Domain not found: example.com"), PERMANENT, Scope.ACCOUNT),
        ("mailgun", 429, mailgun("Too many requests"), THROTTLED, Scope.ACCOUNT),
        ("mailgun", 500, mailgun("Internal Server Error"), UNKNOWN, Scope.ACCOUNT),
        ("brevo", 401, brevo("unauthorized"), PERMANENT, Scope.ACCOUNT),
        ("brevo", 402, brevo("not_enough_credits"), PERMANENT, Scope.ACCOUNT),
        ("brevo", 403, brevo("permission_denied"), PERMANENT, Scope.ACCOUNT),
        ("brevo", 400, brevo("missing_parameter"), PERMANENT, Scope.CONTENT),
        ("brevo", 429, brevo("too_many_requests"), THROTTLED, Scope.ACCOUNT),
        ("brevo", 503, {}, TRANSIENT, Scope.ACCOUNT),
        ("brevo", 502, {}, UNKNOWN, Scope.ACCOUNT),
        ("brevo", 408, {}, TRANSIENT, Scope.ACCOUNT),
        ("brevo", 425, {}, TRANSIENT, Scope.ACCOUNT),
    ],
)  # fmt: skip
def test_a_documented_error_says_whose_trouble_it_is(
    esp: str, status: int, body: object, outcome: Outcome, scope: Scope
) -> None:
    assert esp in PAGES
    result = judge(SERVICES[esp], answer(status, body, {}))
    assert (result.outcome, result.scope) == (outcome, scope)


@pytest.mark.parametrize(
    ("name", "headers", "seconds"),
    [
        ("rate_limit_exceeded", {}, None),
        ("rate_limit_exceeded", {"Retry-After": "2"}, 2),
        ("daily_quota_exceeded", {}, QUOTA_PAUSE_SECONDS),
        ("monthly_quota_exceeded", {}, QUOTA_PAUSE_SECONDS),
        ("daily_quota_exceeded", {"Retry-After": "60"}, 60),
    ],
)
def test_a_quota_pauses_for_an_hour_unless_the_service_says_otherwise(
    name: str, headers: dict[str, str], seconds: float | None
) -> None:
    assert judge(SERVICES["resend"], answer(429, resend(name), headers)).retry_after_seconds == seconds
