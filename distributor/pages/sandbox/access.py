"""Who may look into the sandbox, and what its pages are allowed to do."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# An e-mail's HTML part comes from a template: styles and pictures as in a mail program, an origin of its own, no
# script, no form; its links open outside of the frame.
HTML_PART_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; font-src https: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

View = Callable[..., HttpResponse]


def sandbox_page(policy: str = PAGE_POLICY) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Open to everybody when SANDBOX_OPEN, else to staff; readable only; never cached."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @require_safe
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            guarded = view if settings.SANDBOX_OPEN else staff_member_required(view)
            response = guarded(request, *args, **kwargs)
            response["Content-Security-Policy"] = policy
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex"
            return response

        return answer

    return decorate
