"""`/`: what a visitor finds here. The demo shows its rooms; an installation that nobody has set up says how."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from distributor.engine.infrastructure.installation import find_installation
from distributor.pages.rendering import PAGE_HEADERS


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the demo's rooms, or how to set up, or go to the admin."""
    if settings.SANDBOX_OPEN and (demo := find_installation().demo):
        return _page(request, "pages/demo.html", {"demo": demo})
    if not get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        return _page(request, "pages/not_set_up.html", {})
    return redirect("admin:index")


def _page(request: HttpRequest, template: str, values: dict[str, Any]) -> HttpResponse:
    base = {"language": "en", "base_url": settings.PUBLIC_BASE_URL}
    return HttpResponse(render(request, template, base | values).content, headers=PAGE_HEADERS)
