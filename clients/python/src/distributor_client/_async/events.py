"""Events: read as a stream, or delivered to endpoints of yours. `webhooks.verify` checks a delivery."""

from collections.abc import AsyncIterator, Sequence

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, act, delete, get, write
from distributor_client.models import (
    EventDeliveryBodyDocument,
    EventDeliveryDocument,
    EventDeliveryPage,
    EventEndpointBody,
    EventEndpointChanges,
    EventEndpointDocument,
    EventEndpointPage,
    EventEndpointSecretDocument,
    EventStreamPage,
    ReplayBody,
    ReplayDocument,
)

_ONE = "/event-endpoints/{event_endpoint_id}"


class Events(Resource):
    async def read(
        self,
        *,
        after: str | None = None,
        types: Sequence[str] = (),
        survey_id: Id | None = None,
        distribution_id: Id | None = None,
        wait_seconds: int = 0,
        page_size: int = 100,
    ) -> EventStreamPage:
        """Return the events after a place in the stream. Keep `next`, and pass it as `after` the next time."""
        query = {
            "after": after,
            "types": ",".join(types) or None,
            "surveyId": survey_id,
            "distributionId": distribution_id,
            "wait": wait_seconds or None,
            "limit": page_size,
        }
        return await self._transport.call(get("/events", EventStreamPage, query=query, wait_seconds=wait_seconds))


class EventEndpoints(Resource):
    async def create(self, **body: Unpack[EventEndpointBody]) -> EventEndpointSecretDocument:
        """Create an endpoint. The answer has its secret."""
        path, answer = "/event-endpoints", EventEndpointSecretDocument
        return await self._transport.call(write("POST", path, answer, shape=EventEndpointBody, body=body))

    async def get(self, endpoint_id: Id) -> EventEndpointDocument:
        return await self._transport.call(get(_ONE, EventEndpointDocument, endpoint_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[EventEndpointDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/event-endpoints", EventEndpointPage, query={"limit": page_size}))

    async def update(self, endpoint_id: Id, **changes: Unpack[EventEndpointChanges]) -> EventEndpointDocument:
        """Change the given fields; the others stay."""
        return await self._transport.call(
            write("PATCH", _ONE, EventEndpointDocument, endpoint_id, shape=EventEndpointChanges, body=changes)
        )

    async def delete(self, endpoint_id: Id) -> None:
        await self._transport.call(delete(_ONE, endpoint_id))

    async def rotate_secret(self, endpoint_id: Id) -> EventEndpointSecretDocument:
        """Give the endpoint a new secret."""
        return await self._transport.call(act(f"{_ONE}/rotate-secret", EventEndpointSecretDocument, endpoint_id))

    async def test(self, endpoint_id: Id) -> EventDeliveryDocument:
        """Have a delivery made that tests the endpoint."""
        return await self._transport.call(act(f"{_ONE}/test", EventDeliveryDocument, endpoint_id))

    async def replay(self, endpoint_id: Id, **body: Unpack[ReplayBody]) -> ReplayDocument:
        """Have the events of a time delivered again. Times are `from_` and `to`."""
        return await self._transport.call(
            write("POST", f"{_ONE}/replay", ReplayDocument, endpoint_id, shape=ReplayBody, body=body)
        )

    def deliveries(
        self, endpoint_id: Id, *, state: str | None = None, page_size: int = 100
    ) -> AsyncIterator[EventDeliveryDocument]:
        """Yield deliveries, newest first."""
        query = {"state": state, "limit": page_size}
        return self._transport.pages(get(f"{_ONE}/deliveries", EventDeliveryPage, endpoint_id, query=query))

    async def delivery(self, endpoint_id: Id, delivery_id: Id) -> EventDeliveryBodyDocument:
        """Return a delivery with its body."""
        path = f"{_ONE}/deliveries/{{delivery_id}}"
        return await self._transport.call(get(path, EventDeliveryBodyDocument, endpoint_id, delivery_id))

    async def redeliver(self, endpoint_id: Id, delivery_id: Id) -> EventDeliveryDocument:
        """Have a delivery made again."""
        path = f"{_ONE}/deliveries/{{delivery_id}}/redeliver"
        return await self._transport.call(act(path, EventDeliveryDocument, endpoint_id, delivery_id))
