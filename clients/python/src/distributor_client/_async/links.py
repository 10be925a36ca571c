"""Personal links, and the responses that come through them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, overload

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, get, write
from distributor_client.models import (
    ImportAnswer,
    ImportBody,
    ImportedResponse,
    LinkBody,
    LinkContext,
    LinkMade,
    PlanDocument,
    ResponseBody,
    ResponseChanges,
    ResponseDocument,
    ResponsePage,
    ResponseSearch,
    StoredResponse,
)


class Links(Resource):
    @overload
    async def create(
        self, *, dry_run: Literal[False] = False, idempotency_key: str | None = None, **body: Unpack[LinkBody]
    ) -> LinkMade: ...

    @overload
    async def create(
        self, *, dry_run: Literal[True], idempotency_key: str | None = None, **body: Unpack[LinkBody]
    ) -> PlanDocument: ...

    async def create(
        self, *, dry_run: bool = False, idempotency_key: str | None = None, **body: Unpack[LinkBody]
    ) -> LinkMade | PlanDocument:
        """Create the personal link of one contact. Nothing is sent."""
        answer: type[LinkMade | PlanDocument] = PlanDocument if dry_run else LinkMade
        given = {**body, "dryRun": dry_run}
        return await self._transport.call(
            write("POST", "/links", answer, shape=LinkBody, body=given, key=idempotency_key)
        )

    async def get(self, code: str) -> LinkContext:
        """Return what a survey system needs to know of a link."""
        return await self._transport.call(get("/links/{code}", LinkContext, code))

    async def respond(self, code: str, answers: Mapping[str, Any]) -> StoredResponse:
        """Store a response through a link."""
        body = {"answers": answers}
        return await self._transport.call(
            write("POST", "/links/{code}/responses", StoredResponse, code, shape=ResponseBody, body=body)
        )


class Responses(Resource):
    def list(
        self, *, survey_id: Id | None = None, attributes: Mapping[str, str] | None = None, page_size: int = 100
    ) -> AsyncIterator[ResponseDocument]:
        """Yield responses, newest first. `attributes`: only responses with all of these."""
        query = {"surveyId": survey_id, "limit": page_size}
        query.update({f"attributes.{name}": value for name, value in (attributes or {}).items()})
        return self._transport.pages(get("/responses", ResponsePage, query=query))

    def search(self, **query: Unpack[ResponseSearch]) -> AsyncIterator[ResponseDocument]:
        """Like `list`, without addresses in a URL, and with more to search by."""
        return self._transport.pages(write("POST", "/responses/search", ResponsePage, shape=ResponseSearch, body=query))

    async def get(self, response_id: Id) -> ResponseDocument:
        """Return one response."""
        return await self._transport.call(get("/responses/{response_id}", ResponseDocument, response_id))

    async def update(self, response_id: Id, **changes: Unpack[ResponseChanges]) -> ResponseDocument:
        """Lay attributes over those that are stored with a response."""
        path = "/responses/{response_id}"
        call = write("PATCH", path, ResponseDocument, response_id, shape=ResponseChanges, body=changes)
        return await self._transport.call(call)

    async def import_many(self, responses: Sequence[ImportedResponse]) -> ImportAnswer:
        """Store responses that another survey system has taken."""
        body = {"responses": [*responses]}
        return await self._transport.call(write("POST", "/responses/import", ImportAnswer, shape=ImportBody, body=body))
