"""Sign-in with an OpenID Connect provider. Only for installations with the dependency group `oidc`.

mozilla-django-oidc does the protocol (authorization code, PKCE, nonce, signatures). Here are the checks that it leaves
to us, and the rule that nobody gets a user who has none: operators are found by an e-mail address that the provider has
verified.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from jwt import PyJWTError
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView
from requests import RequestException

from contacts.operators.backend import RoleBackend

logger = structlog.get_logger(__name__)

Claims = Mapping[str, Any]
# What an answer in another form than agreed leads to, besides the library's own refusals.
_UNEXPECTED = (RequestException, PyJWTError, SuspiciousOperation, AttributeError, KeyError, TypeError, ValueError)


class OidcBackend(RoleBackend, OIDCAuthenticationBackend):  # type: ignore[misc]
    # With named arguments only: Django calls backends that could take the arguments of a password login, too.
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, *, nonce: str, code_verifier: str
    ) -> User | None:
        try:
            user: User | None = super().authenticate(request, nonce=nonce, code_verifier=code_verifier)
        except _UNEXPECTED as error:
            logger.warning("oidc_refused", reason=type(error).__name__)
            return None
        if user is None:
            logger.warning("oidc_refused", reason="no operator has this verified address")
        return user

    def verify_token(self, token: Any, **kwargs: Any) -> Any:
        """Check also that the token is of our provider, for us, and has an end."""
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        client = settings.OIDC_RP_CLIENT_ID
        is_for_us = audience in (client, [client]) or (client in audience and payload.get("azp") == client)
        if payload.get("iss") != settings.OIDC_OP_ISSUER or not is_for_us or "exp" not in payload:
            raise SuspiciousOperation("The token is not for this installation.")
        return payload

    def get_userinfo(self, access_token: Any, id_token: Any, payload: Any) -> Any:
        """Take only what is said about the person of the token."""
        claims = super().get_userinfo(access_token, id_token, payload)
        if not claims.get("sub") or claims["sub"] != payload.get("sub"):
            raise SuspiciousOperation("The claims are about somebody else.")
        return claims

    def verify_claims(self, claims: Claims) -> bool:
        return bool(claims.get("email")) and claims.get("email_verified") is True

    def filter_users_by_claims(self, claims: Claims) -> QuerySet[User]:
        return User.objects.filter(email__iexact=claims["email"], is_active=True, is_staff=True)


def _use_public_address(request: HttpRequest) -> None:
    """Build the callback's address from PUBLIC_BASE_URL: the Host header is the visitor's word."""
    request.build_absolute_uri = lambda location=None: f"{settings.PUBLIC_BASE_URL}{location}"  # type: ignore[method-assign]


class StartView(OIDCAuthenticationRequestView):  # type: ignore[misc]
    def get(self, request: HttpRequest) -> Any:
        _use_public_address(request)
        return super().get(request)


class CallbackView(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    def get(self, request: HttpRequest) -> Any:
        _use_public_address(request)
        return super().get(request)

    def login_failure(self) -> HttpResponse:
        messages.error(self.request, "You could not be signed in there. Ask a manager whether you are a member.")
        answer: HttpResponse = super().login_failure()
        return answer
