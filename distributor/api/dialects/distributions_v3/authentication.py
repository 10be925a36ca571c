"""`X-API-TOKEN: dk_…`, as clients of the published API show their key; our own two ways work beside it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request

from distributor.api.authentication import ApiKeyAuthentication


class TokenAuthentication(ApiKeyAuthentication):
    """A key of 40 characters, which published clients check."""

    def shown_key(self, request: Request) -> str | None:
        token = request.headers.get("x-api-token")
        return token.strip() if token else None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """How the documentation says that a token is shown."""

    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-API-TOKEN"}
