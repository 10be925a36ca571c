"""`Idempotency-Key` on calls that send, whatever their dialect: one line above the handler.

    @extend_schema(…)
    @idempotent
    def post(self, request, …): …

Its refusals are raised below the view, so each dialect's own exception handler gives them the dialect's own shape.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from distributor.api.authentication import caller_key
from distributor.api.dry_run import DryRunResponse
from distributor.api.problems import Fault, Problem, invalid_request
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
REPLAYED = "Idempotent-Replayed"  # as Stripe names it; the IETF's draft has no word for it
_FORM = re.compile(rf"(?! *\Z)[\x20-\x7e]{{1,{MAX_KEY_LENGTH}}}")
_DOCUMENTED_FORM = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[!-~]([ -~]*[!-~])?$"}
_PARAMETER = OpenApiParameter(
    HEADER,
    _DOCUMENTED_FORM,
    OpenApiParameter.HEADER,
    description=(
        f"Up to {MAX_KEY_LENGTH} printable ASCII characters of the caller's choice, such as a UUID. For 24 hours the "
        f"same call with the same key is given the first answer again, marked `{REPLAYED}: true`, and sends nothing."
    ),
)


def idempotent(handler: HandlerT) -> HandlerT:
    """Let a view's handler take an Idempotency-Key. Without one it is called as it stands, at no cost.

    With one, the handler runs in a transaction that also keeps its answer. A success is kept for 24 hours and answered
    to the same call (method, path with query, body; of the same API key) byte for byte. Raises Problems: 400 for a key
    that is none, 409 while a call with the key is being made, 422 when the key's answer is another call's.
    """

    @wraps(handler)
    def once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        call = _keyed_call(request)
        if call is None:
            return handler(view, request, *args, **kwargs)
        return _answer_once(view, request, call, lambda: handler(view, request, *args, **kwargs))

    return cast(HandlerT, extend_schema(parameters=[_PARAMETER])(once))


def idempotent_after(
    prepare: Callable[[Any, Request], PreparedT],
) -> Callable[[Callable[[Any, Request, PreparedT], Response]], Callable[[Any, Request], HttpResponse]]:
    """The same where something comes before the call's transaction, such as asking somebody else over the network.

    The handler is given what `prepare` returns. Of a call that has a kept answer nothing is prepared; two at once both
    prepare theirs.
    """

    def decorate(
        handler: Callable[[Any, Request, PreparedT], Response],
    ) -> Callable[[Any, Request], HttpResponse]:
        @wraps(handler)
        def once(view: APIView, request: Request) -> HttpResponse:
            call = _keyed_call(request)
            if call is None:
                return handler(view, request, prepare(view, request))
            with _refusals_as_problems():
                kept = find_answer(call)
            if kept is not None:
                return _replay(kept)
            prepared = prepare(view, request)
            return _answer_once(view, request, call, lambda: handler(view, request, prepared))

        return cast(Callable[[Any, Request], HttpResponse], extend_schema(parameters=[_PARAMETER])(once))

    return decorate


def _answer_once(view: APIView, request: Request, call: KeyedCall, handle: Callable[[], Response]) -> HttpResponse:
    made: list[Response] = []

    def work() -> Answer:
        # Rendered here, because it is the bytes that are kept; DRF leaves alone what is rendered.
        response = view.finalize_response(request, handle()).render()
        made.append(cast(Response, response))
        is_dry_run = isinstance(response, DryRunResponse)
        return Answer(response.status_code, response["Content-Type"], response.content, is_dry_run)

    with _refusals_as_problems():
        answer = answer_once(call, work)
    return made[0] if made else _replay(answer)


@contextmanager
def _refusals_as_problems() -> Iterator[None]:
    try:
        yield
    except CallInFlightError:
        detail = f"A call with this {HEADER} is being made. Repeat it to be given its answer."
        raise Problem(HTTPStatus.CONFLICT, "idempotency_key_in_flight", detail) from None
    except IdempotencyKeyReusedError:
        detail = f"This {HEADER} was used for another call, less than 24 hours ago."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail) from None


def _keyed_call(request: Request) -> KeyedCall | None:
    """None: the caller gave no key. Raises a 400 Problem for a key that is none."""
    shown = request.headers.get(HEADER)
    return None if shown is None else KeyedCall(caller_key(request).id, _parse_key(shown), _fingerprint(request))


def _replay(answer: Answer) -> HttpResponse:
    headers = {"Content-Type": answer.content_type, REPLAYED: "true"}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _parse_key(shown: str) -> str:
    """The header's value as it is: quotes, as the IETF's draft asks for, belong to it."""
    if not _FORM.fullmatch(shown):
        detail = f"An {HEADER} is 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        raise invalid_request([Fault(HEADER, "invalid_idempotency_key", detail)])
    return shown


def _fingerprint(request: Request) -> bytes:
    call = f"{request.method} {request.get_full_path()}\n".encode()  # a path has no line breaks
    return hashlib.sha256(call + request.body).digest()
