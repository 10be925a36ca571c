"""View of `/oauth2/token`: client credentials (RFC 6749 §4.4). The client's secret is an API key, and so is the token.

Clients ask for a token and send it as `Authorization: Bearer …`, which is how every API here takes a key.
"""

import base64
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_plus

from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.api_keys import find_api_key
from distributor.api.answers.problems import render_exception
from distributor.api.dialects.distributions_v3.documentation import TAGS

# A key works until it expires or is revoked, also after this. Clients then ask for the next token.
LIFETIME_SECONDS: Final = 3_599
_GRANT: Final = "client_credentials"


class TokenRequest(BaseModel):
    """A request for a token. The client's id and secret may be in `Authorization: Basic …` instead."""

    grant_type: str = Field(description=f"Always `{_GRANT}`.", examples=[_GRANT])
    scope: str = Field(
        "",
        description="Answered as it is: what the token may do are the scopes of the API key.",
        examples=["manage:all"],
    )
    client_id: str = Field("", description="Any text.", examples=["crm"])
    client_secret: str = Field("", description="An API key.", examples=["dk_7Qm2Zp4Xr8Tn6Vb1Lk9Wc3Hd5Jf0Gs2Ay4Eu6Io"])


class Token(BaseModel):
    """A token, which is the API key."""

    access_token: str = Field(
        description="Send it as `Authorization: Bearer …`.", examples=["dk_7Qm2Zp4Xr8Tn6Vb1Lk9Wc3Hd5Jf0Gs2Ay4Eu6Io"]
    )
    token_type: str = Field(default="Bearer", description="Always `Bearer`.", examples=["Bearer"])
    expires_in: int = Field(description="Seconds after which to ask again.", examples=[LIFETIME_SECONDS])
    scope: str = Field(
        default="", description="The scope that was asked for. Absent if none was.", examples=["manage:all"]
    )


class TokenError(BaseModel):
    """Why there is no token (RFC 6749 §5.2)."""

    error: str = Field(
        description="`invalid_request`, `invalid_client` or `unsupported_grant_type`.", examples=["invalid_client"]
    )
    error_description: str = Field(
        description="What is wrong.",
        examples=["The client's secret must be an API key that is neither expired nor revoked."],
    )


class AccessToken(APIView):
    """Gives a client the token that it sends with its calls."""

    authentication_classes = []
    permission_classes = []
    parser_classes = [FormParser, MultiPartParser]

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return _render_error

    @extend_schema(
        operation_id="v3GetToken",
        summary="Get an access token",
        tags=TAGS,
        auth=[],
        request={"application/x-www-form-urlencoded": TokenRequest},
        responses={200: Token, 400: TokenError, 401: TokenError},
    )
    def post(self, request: Request) -> Response:
        """Exchange an API key, given as the client's secret, for a token. Reading and sending need no token: the key
        itself works, too. A form in several parts (`multipart/form-data`) is read as well.
        """
        grant, scope = request.POST.get("grant_type", ""), request.POST.get("scope", "")
        if not grant:
            return _refuse(HTTPStatus.BAD_REQUEST, "invalid_request", "grant_type is missing.")
        if grant != _GRANT:
            return _refuse(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", f"grant_type must be {_GRANT}.")
        secret = _read_basic(request.headers.get("authorization", "")) or request.POST.get("client_secret", "")
        if find_api_key(secret) is None:
            detail = "The client's secret must be an API key that is neither expired nor revoked."
            refusal = _refuse(HTTPStatus.UNAUTHORIZED, "invalid_client", detail)
            refusal["WWW-Authenticate"] = "Basic"
            return refusal
        token = Token(access_token=secret, expires_in=LIFETIME_SECONDS, scope=scope)
        # A client that sent no scope may compare an answered one with its own list, and take a difference for an error.
        return Response(token.model_dump(exclude=None if scope else {"scope"}), headers={"Cache-Control": "no-store"})


def _read_basic(header: str) -> str:
    """Return the secret of `Basic …`, percent-decoded as RFC 6749 §2.3.1 has it; "" if there is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        _client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except ValueError:  # neither base64 nor ASCII
        return ""
    return unquote_plus(secret)


def _refuse(status: HTTPStatus, error: str, description: str) -> Response:
    return Response({"error": error, "error_description": description}, status, headers={"Cache-Control": "no-store"})


def _render_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Handle an exception of the view: return it in the shape of RFC 6749 §5.2."""
    problem = render_exception(error, context)
    return _refuse(HTTPStatus(problem.status_code), "invalid_request", str(problem.data["detail"]))
