"""Lists, their members, and the survey that people who are added to a list are invited to."""

from collections.abc import AsyncIterator, Sequence

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.models import (
    ConnectionBody,
    ConnectionDocument,
    ContactDocument,
    ContactPage,
    ListBody,
    ListDocument,
    ListPage,
    MemberChanges,
    MembersChanged,
)


class Lists(Resource):
    async def create(self, name: str) -> ListDocument:
        call = write("POST", "/lists", ListDocument, shape=ListBody, body={"name": name})
        return await self._transport.call(call)

    async def get(self, list_id: Id) -> ListDocument:
        return await self._transport.call(get("/lists/{list_id}", ListDocument, list_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[ListDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/lists", ListPage, query={"limit": page_size}))

    async def rename(self, list_id: Id, name: str) -> ListDocument:
        call = write("PATCH", "/lists/{list_id}", ListDocument, list_id, shape=ListBody, body={"name": name})
        return await self._transport.call(call)

    async def delete(self, list_id: Id) -> None:
        """Delete a list. Its members remain contacts."""
        await self._transport.call(delete("/lists/{list_id}", list_id))

    def members(self, list_id: Id, *, page_size: int = 100) -> AsyncIterator[ContactDocument]:
        """Yield the contacts on a list."""
        return self._transport.pages(get("/lists/{list_id}/contacts", ContactPage, list_id, query={"limit": page_size}))

    async def change_members(self, list_id: Id, *, add: Sequence[Id] = (), remove: Sequence[Id] = ()) -> MembersChanged:
        """Add and remove contacts by their ids, up to 1,000 each; all or none."""
        body = {"add": [*add], "remove": [*remove]}
        call = write("PATCH", "/lists/{list_id}/contacts", MembersChanged, list_id, shape=MemberChanges, body=body)
        return await self._transport.call(call)

    async def connected_survey(self, list_id: Id) -> ConnectionDocument:
        return await self._transport.call(get("/lists/{list_id}/survey", ConnectionDocument, list_id))

    async def connect_survey(self, list_id: Id, **body: Unpack[ConnectionBody]) -> ConnectionDocument:
        """Invite everybody whom a call adds to the list from now on."""
        call = write("PUT", "/lists/{list_id}/survey", ConnectionDocument, list_id, shape=ConnectionBody, body=body)
        return await self._transport.call(call)

    async def disconnect_survey(self, list_id: Id) -> None:
        await self._transport.call(delete("/lists/{list_id}/survey", list_id))
