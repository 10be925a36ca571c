"""GET /api/schema: the OpenAPI document, and GET /api/postman.json. Anybody may ask for them."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any, Final

import orjson
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from distributor.api.reference.compression import answer_public
from distributor.api.reference.demo import localize
from distributor.api.reference.postman import collection_of
from distributor.api.reference.subjects import OVERVIEW, SUBJECTS, part_of

# Whoever asks while a document is made waits for it.
_lock: Final = Lock()
_stored: Final[dict[str, bytes]] = {}


@cache
def generate_document() -> dict[str, Any]:
    """Return the OpenAPI document, which nobody may change. Takes a second of a core, once."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


class OpenApiDocument(SpectacularAPIView):
    """Answers with the stored document of the wanted form, or with 304 to a client that has it (`If-None-Match`)."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *_: Any, **__: Any) -> HttpResponseBase:
        renderer = request.accepted_renderer

        def render() -> bytes:
            rendered = renderer.render(generate_document(), renderer_context={})
            return rendered.encode() if isinstance(rendered, str) else rendered

        return _answer(request._request, _once(f"as {renderer.media_type}", render), renderer.media_type)


@require_safe
def document_of_subject(request: HttpRequest, subject: str) -> HttpResponseBase:
    """Answer the part of the document that the page of a subject shows; 404 for any other text."""
    if subject not in (OVERVIEW, *SUBJECTS):
        raise Http404
    part = _once(f"of {subject}", lambda: orjson.dumps(part_of(generate_document(), subject)))
    return _answer(request, part, "application/json")


@require_safe
def postman_collection(request: HttpRequest) -> HttpResponseBase:
    """Answer the document as a Postman collection."""
    collection = _once("postman", lambda: orjson.dumps(collection_of(generate_document()), option=orjson.OPT_INDENT_2))
    return _answer(request, collection, "application/json")


def _once(name: str, make: Callable[[], bytes]) -> bytes:
    """Return what was made under this name before, or make it."""
    if name not in _stored:
        with _lock:
            if name not in _stored:
                _stored[name] = make()
    return _stored[name]


def _answer(request: HttpRequest, document: bytes, media_type: str) -> HttpResponseBase:
    """Answer the document. With `?examples=demo` its examples name what the demo has."""
    localized = localize(document, names_demo=request.GET.get("examples") == "demo")
    return answer_public(request, localized, media_type)
