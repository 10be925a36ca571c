"""The scripts and styles of the reference's page: compressed once per process, and cached by browsers for a year.

Swagger UI is 1.8 MB; compressed it is 0.5 MB. Static files of `make run` are served from where they are installed,
uncompressed, so the page has addresses of its own for them.
"""

from functools import cache
from gzip import compress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from distributor.api.reference.compression import accepts_gzip

_FILES: Final = {
    "swagger-ui-bundle.js": ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", "text/css"),
    "reference.js": ("distributor/reference.js", "text/javascript"),
    "reference.css": ("distributor/reference.css", "text/css"),
}
_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


class Asset(NamedTuple):
    """A file, plain and compressed. The version is in its address, so that a new one is asked for at once."""

    media_type: str
    version: str
    plain: bytes
    compressed: bytes


@cache
def read_asset(name: str) -> Asset:
    """Return a file of the page. Raise a KeyError for any other name."""
    place, media_type = _FILES[name]
    found = finders.find(place)
    assert isinstance(found, str), f"{place} is not installed"
    plain = Path(found).read_bytes()
    return Asset(f"{media_type}; charset=utf-8", sha256(plain).hexdigest()[:16], plain, compress(plain, 9, mtime=0))


def asset_url(name: str) -> str:
    return f"/api/docs/{name}?v={read_asset(name).version}"


@require_safe
def serve_asset(request: HttpRequest, name: str) -> HttpResponse:
    """Answer a file of the page; 404 for any other name."""
    try:
        asset = read_asset(name)
    except KeyError:
        raise Http404 from None
    if accepts_gzip(request):
        return HttpResponse(asset.compressed, asset.media_type, headers={**_HEADERS, "Content-Encoding": "gzip"})
    return HttpResponse(asset.plain, asset.media_type, headers=_HEADERS)
