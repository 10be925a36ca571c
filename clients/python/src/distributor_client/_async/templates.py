"""Templates of messages."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.models import TemplateBody, TemplateChanges, TemplateDocument, TemplatePage


class Templates(Resource):
    async def create(self, **body: Unpack[TemplateBody]) -> TemplateDocument:
        return await self._transport.call(write("POST", "/templates", TemplateDocument, shape=TemplateBody, body=body))

    async def get(self, template_id: Id) -> TemplateDocument:
        return await self._transport.call(get("/templates/{template_id}", TemplateDocument, template_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[TemplateDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/templates", TemplatePage, query={"limit": page_size}))

    async def update(self, template_id: Id, **changes: Unpack[TemplateChanges]) -> TemplateDocument:
        """Change the given fields; the others stay."""
        call = write(
            "PATCH", "/templates/{template_id}", TemplateDocument, template_id, shape=TemplateChanges, body=changes
        )
        return await self._transport.call(call)

    async def delete(self, template_id: Id) -> None:
        """Delete it. Raises ConflictError if something was sent with it."""
        await self._transport.call(delete("/templates/{template_id}", template_id))
