"""Provider accounts, and what the sandbox has received."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.models import (
    ProviderBody,
    ProviderChanges,
    ProviderDocument,
    ProviderPage,
    SandboxItem,
    SandboxPage,
)


class Providers(Resource):
    async def create(self, **body: Unpack[ProviderBody]) -> ProviderDocument:
        return await self._transport.call(write("POST", "/providers", ProviderDocument, shape=ProviderBody, body=body))

    async def get(self, provider_id: Id) -> ProviderDocument:
        return await self._transport.call(get("/providers/{provider_id}", ProviderDocument, provider_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[ProviderDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/providers", ProviderPage, query={"limit": page_size}))

    async def update(self, provider_id: Id, **changes: Unpack[ProviderChanges]) -> ProviderDocument:
        """Change the given fields; the others stay."""
        call = write(
            "PATCH", "/providers/{provider_id}", ProviderDocument, provider_id, shape=ProviderChanges, body=changes
        )
        return await self._transport.call(call)

    async def delete(self, provider_id: Id) -> None:
        """Delete it. Raises ConflictError if something was sent with it."""
        await self._transport.call(delete("/providers/{provider_id}", provider_id))


class SandboxMessages(Resource):
    def list(
        self, *, to: str | None = None, distribution_id: Id | None = None, page_size: int = 100
    ) -> AsyncIterator[SandboxItem]:
        """Yield messages to sandbox accounts, newest first."""
        query = {"to": to, "distributionId": distribution_id, "limit": page_size}
        return self._transport.pages(get("/sandbox/messages", SandboxPage, query=query))
