"""Addresses that are never written to."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.models import Channel, SuppressionBody, SuppressionDocument, SuppressionPage


class Suppressions(Resource):
    async def create(self, **body: Unpack[SuppressionBody]) -> SuppressionDocument:
        """Suppress an address. The same reason again returns the existing one."""
        call = write("POST", "/suppressions", SuppressionDocument, shape=SuppressionBody, body=body)
        return await self._transport.call(call)

    async def get(self, suppression_id: Id) -> SuppressionDocument:
        return await self._transport.call(get("/suppressions/{suppression_id}", SuppressionDocument, suppression_id))

    def list(
        self, *, channel: Channel | None = None, address: str | None = None, page_size: int = 100
    ) -> AsyncIterator[SuppressionDocument]:
        """Yield all, newest first, or those of an address in any spelling."""
        query = {"channel": channel, "address": address, "limit": page_size}
        return self._transport.pages(get("/suppressions", SuppressionPage, query=query))

    async def delete(self, suppression_id: Id) -> None:
        await self._transport.call(delete("/suppressions/{suppression_id}", suppression_id))
