"""Contacts."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, act, delete, get, write
from distributor_client.models import (
    ContactBatchAnswer,
    ContactBatchBody,
    ContactBody,
    ContactChanges,
    ContactDocument,
    ContactPage,
    ContactQuery,
    ErasureBody,
    ErasureDocument,
    ExportDocument,
    OptInBody,
)


class Contacts(Resource):
    async def save(self, **body: Unpack[ContactBody]) -> ContactDocument:
        """Create a contact, or merge into the one with this `external_id`, otherwise with this `email`."""
        return await self._transport.call(write("POST", "/contacts", ContactDocument, shape=ContactBody, body=body))

    async def get(self, contact_id: Id) -> ContactDocument:
        return await self._transport.call(get("/contacts/{contact_id}", ContactDocument, contact_id))

    def list(
        self, *, external_id: str | None = None, email: str | None = None, page_size: int = 100
    ) -> AsyncIterator[ContactDocument]:
        """Yield all, newest first, or those with this id of yours or e-mail address."""
        query = {"externalId": external_id, "email": email, "limit": page_size}
        return self._transport.pages(get("/contacts", ContactPage, query=query))

    def search(self, **query: Unpack[ContactQuery]) -> AsyncIterator[ContactDocument]:
        """Like `list`, without addresses in a URL, and with more to search by."""
        return self._transport.pages(write("POST", "/contacts/search", ContactPage, shape=ContactQuery, body=query))

    async def save_many(
        self, *, idempotency_key: str | None = None, **body: Unpack[ContactBatchBody]
    ) -> ContactBatchAnswer:
        """Save many contacts in one call, each as `save` does."""
        path, answer = "/contacts/batch", ContactBatchAnswer
        return await self._transport.call(
            write("POST", path, answer, shape=ContactBatchBody, body=body, key=idempotency_key)
        )

    async def update(self, contact_id: Id, **changes: Unpack[ContactChanges]) -> ContactDocument:
        """Change the given fields; None clears one."""
        path = "/contacts/{contact_id}"
        call = write("PATCH", path, ContactDocument, contact_id, shape=ContactChanges, body=changes)
        return await self._transport.call(call)

    async def opt_out(self, contact_id: Id) -> ContactDocument:
        """Stop everything that waits for the contact, and write to them no more."""
        return await self._transport.call(act("/contacts/{contact_id}/opt-out", ContactDocument, contact_id))

    async def opt_in(self, contact_id: Id, **body: Unpack[OptInBody]) -> ContactDocument:
        """Lift an opt-out. Raises ConflictError if only the person can."""
        path = "/contacts/{contact_id}/opt-in"
        return await self._transport.call(write("POST", path, ContactDocument, contact_id, shape=OptInBody, body=body))

    async def export(self, contact_id: Id) -> ExportDocument:
        """Return everything that is known of a person."""
        return await self._transport.call(get("/contacts/{contact_id}/export", ExportDocument, contact_id))

    async def erase(self, contact_id: Id) -> None:
        """Erase the person, for good."""
        await self._transport.call(delete("/contacts/{contact_id}", contact_id))

    async def erase_address(self, address: str, *, dry_run: bool = False) -> ErasureDocument:
        """Erase everybody who has the address, and what is known of it without a contact."""
        body = {"address": address, "dryRun": dry_run}
        return await self._transport.call(write("POST", "/erasures", ErasureDocument, shape=ErasureBody, body=body))
