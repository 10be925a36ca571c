"""Sessions of clients that log in first: a signed cookie with the id of the API key that was their password.

See docs/decisions/0022.
"""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api_keys import find_key_in_use
from contacts.models import ApiKey
from distributor.api.answers.problems import Problem

COOKIE: Final = "recipient_session"
LIFETIME_SECONDS: Final = 8 * 60 * 60
_SALT: Final = "distributor.recipient_add.session"


class SessionAuthentication(BaseAuthentication):
    """Authenticates a request by its session's cookie. Comes after the headers."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        """Raises a 400 Problem for a body that is not JSON: a form on another website could have sent it."""
        key_id = request.get_signed_cookie(COOKIE, default=None, salt=_SALT, max_age=LIFETIME_SECONDS)
        key = find_key_in_use(UUID(key_id)) if key_id else None
        if key is None:
            return None
        if request.method == "POST" and not _is_json(request):
            detail = "Calls with a session cookie need the header Content-Type: application/json."
            raise Problem(HTTPStatus.BAD_REQUEST, "not_json", detail)
        return AnonymousUser(), key


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """The session's cookie in the OpenAPI document."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        described = "The cookie that `POST /base/Account/Login` sets. It lasts 8 hours."
        return {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": described}


def begin_session(response: Response, key: ApiKey) -> None:
    """Add a cookie to the response that is worth as much as the key, for 8 hours or until the key expires."""
    response.set_signed_cookie(
        COOKIE,
        str(key.pk),
        salt=_SALT,
        max_age=LIFETIME_SECONDS,
        path="/base/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _is_json(request: Request) -> bool:
    return (request.content_type or "").partition(";")[0].strip().lower() == "application/json"
