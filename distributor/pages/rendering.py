"""The language and the headers of every page."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from channels.locales import choose_locale
from distributor.engine.responses.links import Link

# No scripts, nothing from other sites, no framing. Whoever has the code in the URL can answer, so the URL must not leak
# through Referer headers, caches or search engines.
PAGE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "X-Frame-Options": "DENY",
    }
)


def page_language(request: HttpRequest, link: Link | None) -> str:
    """Return the link's language if the pages are translated to it; without a link, the browser's language."""
    if link is None:
        return translation.get_language_from_request(request)
    return choose_locale(link.locale, [code for code, _ in settings.LANGUAGES], link.survey.default_locale)


def render_page(
    request: HttpRequest,
    template: str,
    link: Link | None,
    context: Mapping[str, Any] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Render a template of `templates/pages/` in the language of its link."""
    language = page_language(request, link)
    with translation.override(language):
        response = render(request, f"pages/{template}", {**(context or {}), "language": language}, status=status)
    response["Content-Language"] = language
    return response
