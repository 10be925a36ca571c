"""Access control and security headers of the sandbox pages."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from contacts.operators.access import access_of

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# The HTML part of an e-mail comes from a template. It may use styles and pictures, as in a mail program, but no scripts
# or forms. It has its own origin, and its links open outside the frame.
HTML_PART_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src https: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

View = Callable[..., HttpResponse]


def shown_organizations(request: HttpRequest) -> Collection[UUID] | None:
    """Return the organisations whose messages the visitor sees. None: all, for superusers and in an open sandbox."""
    if settings.SANDBOX_OPEN:
        return None
    return access_of(request.user).organizations("channels.view_sandboxmessage")


def sandbox_page(policy: str = PAGE_POLICY) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Decorate a read-only, uncached page: public if SANDBOX_OPEN is set, else for operators only."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @require_safe
        @wraps(view)
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase
            if settings.SANDBOX_OPEN or admin.site.has_permission(request):
                response = view(request, *args, **kwargs)
            else:
                response = redirect_to_login(request.get_full_path(), reverse("admin:login"))
            response["Content-Security-Policy"] = policy
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex"
            return response

        return respond

    return decorate
