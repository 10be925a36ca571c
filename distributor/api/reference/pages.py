"""The page of the API reference at `/api/docs/`, and the pages of the error codes at `/errors/`."""

import json
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from distributor.api.reference.assets import asset_url
from distributor.api.reference.demo import demo_api_key
from distributor.api.reference.errors.catalogue import CATALOGUE, example_of
from distributor.api.reference.subjects import OVERVIEW, SUBJECTS
from distributor.api.reference.tags import TAGS

# Swagger UI draws with images in its style sheet, and calls this API only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}


@require_safe
def reference_page(request: HttpRequest) -> HttpResponse:
    """Show the subjects of the API, each with a link to its page. Needs no script and no OpenAPI document."""
    subjects = [(subject, name, TAGS[name]) for subject, name in SUBJECTS.items()]
    return _page(request, "reference.html", {"subjects": subjects, "base_url": settings.PUBLIC_BASE_URL})


@require_safe
def subject_page(request: HttpRequest, subject: str) -> HttpResponse:
    """Show the operations of a subject, with “try it out”. On the demo its key is filled in. 404 for any other text."""
    if subject not in (OVERVIEW, *SUBJECTS):
        raise Http404
    key = demo_api_key()
    assets = {"bundle": asset_url("swagger-ui-bundle.js"), "swagger_style": asset_url("swagger-ui.css")}
    name = SUBJECTS.get(subject, "Overview")
    answer = _page(
        request,
        "subject.html",
        {**assets, "script": asset_url("reference.js"), "key": key, "subject": subject, "name": name},
    )
    if key:
        answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def error_codes(request: HttpRequest) -> HttpResponse:
    """List all error codes: those of answers by their status, then those of single faults."""
    answers = sorted(
        ((code, entry) for code, entry in CATALOGUE.items() if entry.status), key=lambda pair: (pair[1].status, pair[0])
    )
    faults = [(code, entry) for code, entry in CATALOGUE.items() if not entry.status]
    return _page(request, "error_codes.html", {"answers": answers, "faults": faults})


@require_safe
def error_code(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a code means, an example, and what to do; 404 for a text that is no code."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return _page(request, "unknown_code.html", {"code": code[:100]}, HTTPStatus.NOT_FOUND)
    example = json.dumps(example_of(code), indent=2, ensure_ascii=False)
    status = HTTPStatus(entry.status) if entry.status else None
    return _page(request, "error_code.html", {"code": code, "entry": entry, "example": example, "status": status})


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {"style": asset_url("reference.css"), **context}
    return HttpResponse(render(request, f"reference/{template}", context).content, status=status, headers=_HEADERS)
