"""How pages look like their organisation: its logo, colour and privacy policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from contacts.colors import DARK_SURFACE, WHITE, ink_on, mix, readable_on
from contacts.models import Branding, Organization
from contacts.models.branding import branding_of
from distributor.engine.responses.links import Link
from distributor.pages.rendering import PAGE_HEADERS, render_page

# The address has the content's digest or the colour itself, so what it leads to never changes.
_KEPT_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_OWN_IMAGES: Final = "img-src 'self' data:"


@dataclass(frozen=True, slots=True)
class Brand:
    """What the templates of pages show of an organisation. Each may be empty."""

    logo: str = ""
    stylesheet: str = ""
    privacy_url: str = ""

    @property
    def policy(self) -> str:
        """The pages' Content Security Policy, which also allows a logo that is elsewhere, from its host only."""
        policy = PAGE_HEADERS["Content-Security-Policy"]
        place = urlsplit(self.logo)
        if not place.hostname:
            return policy
        return policy.replace(_OWN_IMAGES, f"{_OWN_IMAGES} {place.scheme}://{place.netloc.rpartition('@')[2]}")


def brand_of(organization: Organization) -> Brand:
    """Read how an organisation looks."""
    branding = branding_of(organization.pk)
    if branding is None:
        return Brand()
    sheet = reverse("pages:brand", args=[branding.color.removeprefix("#")]) if branding.color else ""
    return Brand(branding.logo_url_below(""), sheet, branding.privacy_url)


def render_branded_page(
    request: HttpRequest,
    template: str,
    link: Link,
    context: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Render a page that tells whose it is. Pages for links that do not work tell nobody's name, and have no brand."""
    organization = link.survey.organization
    brand = brand_of(organization)
    response = render_page(request, template, link, {"organization": organization, **context, "brand": brand}, status)
    response["Content-Security-Policy"] = brand.policy
    return response


@require_safe
def show_logo(request: HttpRequest, digest: str) -> HttpResponse:
    """Serve an uploaded logo: for pages, and for e-mails that were sent with it."""
    branding = Branding.objects.filter(logo_digest=digest).first()
    if branding is None or branding.logo is None:
        raise Http404
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": _KEPT_FOR_GOOD,
        "Cross-Origin-Resource-Policy": "cross-origin",  # mail programs on the web show it
        "X-Robots-Tag": "noindex",
    }
    return HttpResponse(bytes(branding.logo), branding.logo_type, headers=headers)


@require_safe
def show_stylesheet(request: HttpRequest, color: str) -> HttpResponse:
    """Serve the colours that follow from one, for the light and the dark theme: pages have no styles of their own."""
    light = readable_on(f"#{color}", WHITE)
    dark = readable_on(f"#{color}", DARK_SURFACE)
    sheet = (
        f":root {{ --accent: {light}; --on-accent: {ink_on(light)}; --tint: {mix(light, WHITE, 0.9)}; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root {{ --accent: {dark}; --on-accent: {ink_on(dark)}; --tint: {mix(dark, DARK_SURFACE, 0.75)}; }}\n"
        "}\n"
    )
    return HttpResponse(sheet, "text/css", headers={"Cache-Control": _KEPT_FOR_GOOD})
