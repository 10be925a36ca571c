"""Imports of CSV and XLSX files."""

import asyncio
from collections.abc import AsyncIterator, Callable
from os import PathLike
from pathlib import Path
from time import monotonic

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, act, get, upload
from distributor_client.errors import ImportFailedError, WaitTimeoutError
from distributor_client.models import (
    FaultyRowDocument,
    FaultyRowPage,
    ImportDocument,
    ImportOptions,
    ImportPage,
    MappingOptions,
    PreviewDocument,
)

_UNFINISHED = frozenset({"uploaded", "reading", "writing"})


class Imports(Resource):
    async def run(
        self,
        path: str | PathLike[str],
        *,
        on_progress: Callable[[ImportDocument], None] | None = None,
        dry_run: bool = False,
        timeout_seconds: float = 3600,
        poll_seconds: float = 1.0,
        idempotency_key: str | None = None,
        **options: Unpack[ImportOptions],
    ) -> ImportDocument:
        """Upload a file and wait until it is imported. Rows with faults are in `errors`.

        `on_progress` gets the import each time it is asked for. Raises ImportFailedError if the file was refused as a
        whole, and WaitTimeoutError, after which the import goes on.
        """
        document = await self.start(path, dry_run=dry_run, idempotency_key=idempotency_key, **options)
        return await self.wait(
            document.id, on_progress=on_progress, timeout_seconds=timeout_seconds, poll_seconds=poll_seconds
        )

    async def start(
        self,
        path: str | PathLike[str],
        *,
        dry_run: bool = False,
        idempotency_key: str | None = None,
        **options: Unpack[ImportOptions],
    ) -> ImportDocument:
        """Upload a file of up to 50 MB and 250,000 rows. Workers import it."""
        given = {**options, "dryRun": dry_run}
        return await self._transport.call(
            upload("/imports", ImportDocument, Path(path), shape=ImportOptions, options=given, key=idempotency_key)
        )

    async def wait(
        self,
        import_id: Id,
        *,
        on_progress: Callable[[ImportDocument], None] | None = None,
        timeout_seconds: float = 3600,
        poll_seconds: float = 1.0,
    ) -> ImportDocument:
        """Wait until an import is done."""
        ends_at = monotonic() + timeout_seconds
        while True:
            document = await self.get(import_id)
            if on_progress is not None:
                on_progress(document)
            if document.state not in _UNFINISHED:
                break
            if monotonic() >= ends_at:
                raise WaitTimeoutError(f"The import {import_id} is still {document.state}.")
            await asyncio.sleep(poll_seconds)
        if document.state != "done":
            reasons = " ".join(fault.detail for fault in document.faults)
            raise ImportFailedError(f"The import {document.id} is {document.state}. {reasons}".rstrip(), document)
        return document

    async def get(self, import_id: Id) -> ImportDocument:
        return await self._transport.call(get("/imports/{import_id}", ImportDocument, import_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[ImportDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/imports", ImportPage, query={"limit": page_size}))

    def errors(self, import_id: Id, *, page_size: int = 100) -> AsyncIterator[FaultyRowDocument]:
        """Yield the rows with faults."""
        return self._transport.pages(
            get("/imports/{import_id}/errors", FaultyRowPage, import_id, query={"limit": page_size})
        )

    async def preview(self, path: str | PathLike[str], **options: Unpack[MappingOptions]) -> PreviewDocument:
        """Return what the columns of a file mean, and what its first ten rows become. Nothing is stored."""
        return await self._transport.call(
            upload("/imports/preview", PreviewDocument, Path(path), shape=MappingOptions, options=options)
        )

    async def run_after_dry_run(self, import_id: Id) -> ImportDocument:
        """Do what a dry run has counted. `wait` tells when it is done."""
        return await self._transport.call(act("/imports/{import_id}/run", ImportDocument, import_id))

    async def cancel(self, import_id: Id) -> ImportDocument:
        """Stop an import. Contacts that were written already stay."""
        return await self._transport.call(act("/imports/{import_id}/cancel", ImportDocument, import_id))
