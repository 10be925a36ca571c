"""`Idempotency-Key` for calls that send, in the native API and in every dialect: a decorator of the handler.

    @extend_schema(…)
    @idempotent
    def post(self, request, …): …

Refusals are raised as Problems below the view, so each dialect's exception handler renders them in its own shape.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.dry_run import DryRunResponse
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.call_records import mark_acceptance
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.idempotency import (
    Answer,
    CallInFlightError,
    IdempotencyKeyReusedError,
    KeyedCall,
    answer_once,
    find_answer,
)
from distributor.models.idempotency_key import MAX_KEY_LENGTH

HandlerT = TypeVar("HandlerT", bound=Callable[..., Response])
PreparedT = TypeVar("PreparedT")

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"  # as Stripe names it; the IETF's draft names no header
_FORM = re.compile(rf"(?! *\Z)[\x20-\x7e]{{1,{MAX_KEY_LENGTH}}}")
_DOCUMENTED_FORM = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]([ -~]*[!-~])?$"}
PARAMETER: Final = OpenApiParameter(
    HEADER,
    _DOCUMENTED_FORM,
    OpenApiParameter.HEADER,
    description=(
        f"Up to {MAX_KEY_LENGTH} printable ASCII characters of your choice, such as a UUID. For 24 hours, the same "
        f"call with the same key returns the first answer again, marked `{REPLAYED}: true`, and sends nothing."
    ),
)


def idempotent(handler: HandlerT) -> HandlerT:
    """Let a handler accept an Idempotency-Key. Calls without the header run as usual, at no cost.

    With the header, the handler runs in a transaction that also stores its answer. A successful answer is stored for
    24 hours and returned byte for byte to the same call: same API key, method, path with query, and body. Raise
    Problems: 400 for an invalid key, 409 while another call with the key is running, 422 if the key was used for a
    different call.
    """

    @wraps(handler)
    def once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        mark_acceptance(request._request)
        call = _keyed_call(request)
        if call is None:
            return handler(view, request, *args, **kwargs)
        return _answer_once(view, request, call, lambda: handler(view, request, *args, **kwargs))

    return cast(HandlerT, extend_schema(parameters=[PARAMETER])(once))


def idempotent_after(
    prepare: Callable[[Any, Request], PreparedT],
) -> Callable[[Callable[[Any, Request, PreparedT], Response]], Callable[[Any, Request], HttpResponse]]:
    """Like `idempotent`, with a step before the transaction, for example a request to another service.

    The handler receives what `prepare` returns. A call with a stored answer is not prepared. Two simultaneous calls
    are both prepared.
    """

    def decorate(
        handler: Callable[[Any, Request, PreparedT], Response],
    ) -> Callable[[Any, Request], HttpResponse]:
        @wraps(handler)
        def once(view: APIView, request: Request) -> HttpResponse:
            mark_acceptance(request._request)
            call = _keyed_call(request)
            if call is None:
                return handler(view, request, prepare(view, request))
            with _refusals_as_problems():
                stored = find_answer(call)
            if stored is not None:
                return _replay(stored)
            prepared = prepare(view, request)
            return _answer_once(view, request, call, lambda: handler(view, request, prepared))

        return cast(Callable[[Any, Request], HttpResponse], extend_schema(parameters=[PARAMETER])(once))

    return decorate


def _answer_once(view: APIView, request: Request, call: KeyedCall, handle: Callable[[], Response]) -> HttpResponse:
    responses: list[Response] = []

    def work() -> Answer:
        # Rendered here because the bytes are stored. DRF does not render a response twice.
        response = view.finalize_response(request, handle()).render()
        responses.append(cast(Response, response))
        is_dry_run = isinstance(response, DryRunResponse)
        return Answer(response.status_code, response["Content-Type"], response.content, is_dry_run)

    with _refusals_as_problems():
        answer = answer_once(call, work)
    return responses[0] if responses else _replay(answer)


@contextmanager
def _refusals_as_problems() -> Iterator[None]:
    try:
        yield
    except CallInFlightError:
        detail = f"Another call with this {HEADER} is still running. Repeat the call to get its answer."
        raise Problem(HTTPStatus.CONFLICT, "idempotency_key_in_flight", detail) from None
    except IdempotencyKeyReusedError:
        detail = f"This {HEADER} was used for a different call less than 24 hours ago."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail) from None


def _keyed_call(request: Request) -> KeyedCall | None:
    """Return None for a call without a key. Raise a 400 Problem for an invalid key."""
    text = request.headers.get(HEADER)
    return None if text is None else KeyedCall(caller_key(request).id, _parse_key(text), _fingerprint(request))


def _replay(answer: Answer) -> HttpResponse:
    headers = {"Content-Type": answer.content_type, REPLAYED: "true"}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _parse_key(text: str) -> str:
    """Return the header's value as it is. Quotes, which the IETF's draft asks for, are part of the key."""
    if not _FORM.fullmatch(text):
        detail = f"Invalid {HEADER}. Use 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        raise invalid_request([Fault(HEADER, "invalid_idempotency_key", detail)])
    return text


def _fingerprint(request: Request) -> bytes:
    call = f"{request.method} {request.get_full_path()}\n".encode()  # a path has no line breaks
    # A file is hashed while it is stored on disk (api/native/imports/uploads.py): it is too long to be held.
    content: bytes | None = getattr(request, "upload_digest", None)
    return hashlib.sha256(call + (json_body(request) if content is None else content)).digest()
