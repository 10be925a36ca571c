"""`/`: what a visitor finds here. The demo shows its rooms; an installation that nobody has set up says how."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_safe

from distributor.engine.infrastructure.installation import find_installation
from distributor.pages.rendering import PAGE_HEADERS, page_language


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the demo's rooms, or how to set up, or go to the admin."""
    if settings.SANDBOX_OPEN and (demo := find_installation().demo):
        key = settings.DEMO_API_KEY if is_from_this_machine(request) else ""
        return _page(request, "pages/demo.html", {"demo": demo, "api_key": key})
    if not get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        return _page(request, "pages/not_set_up.html", {})
    return redirect("admin:index")


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether a browser on this machine asks, at the address that the stack has, and no proxy stands between.

    The host is compared because a page elsewhere may give its own name this machine's address.
    """
    base = urlsplit(settings.PUBLIC_BASE_URL)
    try:
        is_local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    is_direct = "X-Forwarded-For" not in request.headers and "Forwarded" not in request.headers
    return is_local and is_direct and base.hostname == "localhost" and request.headers.get("Host") == base.netloc


def _page(request: HttpRequest, template: str, values: dict[str, Any]) -> HttpResponse:
    language = page_language(request, None)
    base = {"language": language, "base_url": settings.PUBLIC_BASE_URL}
    with translation.override(language):
        response = HttpResponse(render(request, template, base | values).content, headers=PAGE_HEADERS)
    response["Content-Language"] = language
    return response
