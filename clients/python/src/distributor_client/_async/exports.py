"""Exports: rows as CSV, XLSX or NDJSON."""

import asyncio
from collections.abc import AsyncIterator, Callable
from os import PathLike
from pathlib import Path
from time import monotonic

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.errors import ExportFailedError, WaitTimeoutError
from distributor_client.models import ExportBody, ExportPage, ExportStatusDocument

_UNFINISHED = frozenset({"queued", "running"})


class Exports(Resource):
    async def to_file(
        self,
        path: str | PathLike[str],
        *,
        on_progress: Callable[[ExportStatusDocument], None] | None = None,
        timeout_seconds: float = 3600,
        poll_seconds: float = 1.0,
        idempotency_key: str | None = None,
        **body: Unpack[ExportBody],
    ) -> ExportStatusDocument:
        """Export rows and write them to a file, which appears only when it is whole.

        Raises ExportFailedError, and WaitTimeoutError, after which the export goes on.
        """
        document = await self.start(idempotency_key=idempotency_key, **body)
        document = await self.wait(
            document.id, on_progress=on_progress, timeout_seconds=timeout_seconds, poll_seconds=poll_seconds
        )
        await self.download(document.id, path)
        return document

    async def start(self, *, idempotency_key: str | None = None, **body: Unpack[ExportBody]) -> ExportStatusDocument:
        """Ask for an export. Workers write it; `wait` tells when it is ready."""
        return await self._transport.call(
            write("POST", "/exports", ExportStatusDocument, shape=ExportBody, body=body, key=idempotency_key)
        )

    async def wait(
        self,
        export_id: Id,
        *,
        on_progress: Callable[[ExportStatusDocument], None] | None = None,
        timeout_seconds: float = 3600,
        poll_seconds: float = 1.0,
    ) -> ExportStatusDocument:
        """Wait until an export is ready."""
        ends_at = monotonic() + timeout_seconds
        while True:
            document = await self.get(export_id)
            if on_progress is not None:
                on_progress(document)
            if document.state not in _UNFINISHED:
                break
            if monotonic() >= ends_at:
                raise WaitTimeoutError(f"The export {export_id} is still {document.state}.")
            await asyncio.sleep(poll_seconds)
        if document.state != "ready":
            raise ExportFailedError(f"The export {document.id} is {document.state}.", document)
        return document

    async def download(self, export_id: Id, path: str | PathLike[str]) -> None:
        """Write the file of an export that is ready."""
        await self._transport.download(get("/exports/{export_id}/file", bytes, export_id), Path(path))

    async def get(self, export_id: Id) -> ExportStatusDocument:
        return await self._transport.call(get("/exports/{export_id}", ExportStatusDocument, export_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[ExportStatusDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/exports", ExportPage, query={"limit": page_size}))

    async def delete(self, export_id: Id) -> None:
        """Delete an export and its file."""
        await self._transport.call(delete("/exports/{export_id}", export_id))
