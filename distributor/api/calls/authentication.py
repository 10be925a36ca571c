"""Authentication by API key: `x-api-key: dk_…` or `Authorization: Bearer dk_…`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from contacts.api_keys import find_api_key
from contacts.models import ApiKey
from contacts.models.api_key import Scope

if TYPE_CHECKING:
    from rest_framework.views import APIView  # imports this module through DRF's settings


class ApiKeyAuthentication(BaseAuthentication):
    """Finds the key and its organisation. A request without a key stays anonymous and is answered 401."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        given_key = self.given_key(request)
        if given_key is None:
            return None
        key = find_api_key(given_key)
        if key is None:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        return AnonymousUser(), key

    def given_key(self, request: Request) -> str | None:
        """Return the text of the key from the request's headers."""
        if given_key := request.headers.get("x-api-key"):
            return given_key.strip()
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ApiKeySchemes(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers itself
    """Documents the two headers in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = ["apiKey", "bearer"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        of_key = {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key, `dk_…`."}
        return [of_key, {"type": "http", "scheme": "bearer", "description": "The same API key, as a bearer token."}]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]  # either, not both


class HasScope(BasePermission):
    """Requires the scope that the view names for the method: `scopes = {"POST": Scope.SEND}`.

    A method without one is refused, unless the view has no such method (405) or answers none (`scopes = None`).
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.auth is None:
            return False
        scopes: Mapping[str, Scope] | None = getattr(view, "scopes", {})
        if scopes is None or not _is_handled(view, str(request.method)):
            return True
        # The GET handler answers HEAD, so HEAD needs the same scope.
        needed = scopes.get("GET" if request.method == "HEAD" else str(request.method))
        self.message = f"This key lacks the scope “{needed.value}”." if needed else "No key may do this."
        return needed is not None and needed in caller_key(request).scopes


def _is_handled(view: "APIView", method: str) -> bool:
    """Return whether the view has a handler of its own for the method. OPTIONS is answered by DRF."""
    return method != "OPTIONS" and hasattr(view, method.lower())


def caller_key(request: Request) -> ApiKey:
    """Return the key of an authenticated request. Only for views behind HasScope."""
    return cast(ApiKey, request.auth)
