"""GET /api/schema: the OpenAPI document, generated once per process. Anybody may ask for it."""

from hashlib import sha256
from threading import Lock
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


class OpenApiDocument(SpectacularAPIView):
    """Answers with the stored document of the wanted form, or with 304 to a client that has it (`If-None-Match`).

    Generating it takes a second of a core.
    """

    _documents: ClassVar[dict[str, bytes]] = {}
    _lock: ClassVar = Lock()

    @extend_schema(exclude=True)
    def get(self, request: Request, *_: Any, **__: Any) -> HttpResponse:
        document = self._document(request)
        etag = f'"{sha256(document).hexdigest()[:32]}"'
        media_type = request.accepted_renderer.media_type
        answer = HttpResponse(document, content_type=media_type, headers={"ETag": etag, "Cache-Control": "no-cache"})
        conditional = get_conditional_response(request._request, etag, response=answer)
        return conditional or answer

    def _document(self, request: Request) -> bytes:
        renderer = request.accepted_renderer
        # Whoever asks meanwhile waits instead of generating it too.
        with self._lock:
            if renderer.media_type not in self._documents:
                generator = self.generator_class()
                content = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
                rendered = renderer.render(content, renderer_context={})
                self._documents[renderer.media_type] = rendered.encode() if isinstance(rendered, str) else rendered
            return self._documents[renderer.media_type]
