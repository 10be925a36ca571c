"""Makes calls: the connection, the tries, and what the answers say."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from distributor_client.calls import Call, next_page, parse
from distributor_client.errors import UnexpectedAnswerError, UnreachableError, error_of
from distributor_client.retry import AWAY, RetryPolicy, was_never_sent

AnswerT = TypeVar("AnswerT")


class AsyncTransport:
    def __init__(self, http: httpx.AsyncClient, policy: RetryPolicy) -> None:
        self._http = http
        self._policy = policy

    async def call(self, call: Call[AnswerT]) -> AnswerT:
        """Return the parsed answer. Raises ApiError, UnreachableError and UnexpectedAnswerError."""
        response = await self._answer(call, None)
        try:
            parsed: AnswerT = parse(call.answer, response.content)
        except ValidationError as error:
            detail = f"{call.method} {call.address}: {response.status_code} with another answer than documented"
            raise UnexpectedAnswerError(detail) from error
        return parsed

    async def download(self, call: Call[bytes], target: Path) -> None:
        """Write the answer to a file, which appears only when it is whole."""
        partial = target.with_name(f"{target.name}.part")
        try:
            await self._answer(call, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    async def pages(self, call: Call[Any]) -> AsyncIterator[Any]:
        """Yield the items of a page and of all pages after it."""
        while True:
            page = await self.call(call)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            call = next_page(call, page.next_cursor)

    async def _answer(self, call: Call[Any], target: Path | None) -> httpx.Response:
        tries, may_have_happened = 0, False
        while True:
            tries += 1
            try:
                response = await self._send(call, target)
            except httpx.TransportError as error:
                may_have_happened |= not was_never_sent(error)
                delay = self._policy.delay_after_failure(call, tries, error)
                if delay is None:
                    detail = f"{call.method} {call.address}: {type(error).__name__} {error}".rstrip()
                    raise UnreachableError(detail, may_have_happened=may_have_happened) from error
            else:
                is_deleted = response.status_code == 404 and call.method == "DELETE" and may_have_happened
                if response.is_success or is_deleted:
                    return response
                may_have_happened |= response.status_code in AWAY
                delay = self._policy.delay_after_answer(call, tries, response)
                if delay is None:
                    raise error_of(response)
            await asyncio.sleep(delay)

    async def _send(self, call: Call[Any], target: Path | None) -> httpx.Response:
        if call.upload is not None:
            # Opened for each try: a try that failed has read some of it.
            with call.upload.path.open("rb") as file:
                form = {"file": (call.upload.path.name, file)}
                return await self._http.send(self._request(call, files=form, data={"options": call.upload.options}))
        request = self._request(call, content=call.body)
        if target is None:
            return await self._http.send(request)
        response = await self._http.send(request, stream=True)
        try:
            if response.is_success:
                with target.open("wb") as written:
                    async for piece in response.aiter_bytes():
                        written.write(piece)
            else:
                await response.aread()
        finally:
            await response.aclose()
        return response

    def _request(self, call: Call[Any], **content: Any) -> httpx.Request:
        headers = {"Accept": call.accept}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        usual = self._http.timeout
        if call.wait_seconds and usual.read is not None:
            read = usual.read + call.wait_seconds
            content["timeout"] = httpx.Timeout(connect=usual.connect, read=read, write=usual.write, pool=usual.pool)
        return self._http.build_request(call.method, call.address, params=call.query, headers=headers, **content)
