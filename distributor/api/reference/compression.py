"""Answers that are the same for everybody: compressed, and not sent twice to a client that has them.

Only for answers without secrets and without anything that the caller chose (CVE-2013-3587, “BREACH”).
"""

import re
from functools import lru_cache
from gzip import compress
from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

_LEVEL: Final = 6
_REFUSED: Final = re.compile(r";q=0(\.0*)?$")


def accepts_gzip(request: HttpRequest) -> bool:
    """Return whether `Accept-Encoding` names gzip, and not with a weight of 0."""
    codings = [part.replace(" ", "").lower() for part in request.headers.get("Accept-Encoding", "").split(",")]
    return any(coding.partition(";")[0] == "gzip" and not _REFUSED.search(coding) for coding in codings)


def answer_public(request: HttpRequest, content: bytes, media_type: str) -> HttpResponseBase:
    """Answer the content with an `ETag`, or 304 to a client that has it (`If-None-Match`)."""
    is_compressed = accepts_gzip(request)
    etag = f'"{sha256(content).hexdigest()[:32]}{"-gzip" if is_compressed else ""}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}
    answer = HttpResponse(content_type=media_type, headers=headers)
    conditional = get_conditional_response(request, etag, response=answer)
    if conditional is not None and conditional is not answer:
        return conditional
    if is_compressed:
        answer["Content-Encoding"] = "gzip"
        content = _compressed(content)
    answer.content = content
    return answer


# The documents of all subjects, with placeholders and with the demo's ids.
@lru_cache(maxsize=64)
def _compressed(content: bytes) -> bytes:
    return compress(content, _LEVEL, mtime=0)
