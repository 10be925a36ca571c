"""API keys in the header `X-API-TOKEN`, as published clients send them. The headers of the native API work too."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request

from distributor.api.calls.authentication import ApiKeyAuthentication


class TokenAuthentication(ApiKeyAuthentication):
    """Finds the key of an `X-API-TOKEN` header. Keys have 40 characters, which published clients check."""

    def given_key(self, request: Request) -> str | None:
        token = request.headers.get("x-api-token")
        return token.strip() if token else None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """The `X-API-TOKEN` header in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-API-TOKEN", "description": "An API key, `dk_…`."}
