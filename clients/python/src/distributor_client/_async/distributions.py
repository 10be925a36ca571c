"""Distributions: sending, steering, and who was sent to."""

from collections.abc import AsyncIterator
from typing import Literal, overload

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, act, get, write
from distributor_client.models import (
    AddedStepBody,
    CloneBody,
    DistributionAccepted,
    DistributionBody,
    DistributionDocument,
    DistributionPage,
    PlanDocument,
    RecipientDocument,
    RecipientPage,
    RecipientQuery,
    RetryBody,
    RetryDocument,
    RetryPage,
    ScheduleBody,
    SkippedDocument,
    SkippedPage,
    SkippedQuery,
    StepDocument,
    StepPage,
    UnreachedDocument,
)

_ONE = "/distributions/{distribution_id}"


class Distributions(Resource):
    @overload
    async def create(
        self, *, dry_run: Literal[False] = False, idempotency_key: str | None = None, **body: Unpack[DistributionBody]
    ) -> DistributionAccepted: ...

    @overload
    async def create(
        self, *, dry_run: Literal[True], idempotency_key: str | None = None, **body: Unpack[DistributionBody]
    ) -> PlanDocument: ...

    async def create(
        self, *, dry_run: bool = False, idempotency_key: str | None = None, **body: Unpack[DistributionBody]
    ) -> DistributionAccepted | PlanDocument:
        """Send. `dry_run`: return what would happen to each contact, and do nothing."""
        answer: type[DistributionAccepted | PlanDocument] = PlanDocument if dry_run else DistributionAccepted
        given = {**body, "dryRun": dry_run}
        return await self._transport.call(
            write("POST", "/distributions", answer, shape=DistributionBody, body=given, key=idempotency_key)
        )

    async def get(self, distribution_id: Id) -> DistributionDocument:
        return await self._transport.call(get(_ONE, DistributionDocument, distribution_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[DistributionDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/distributions", DistributionPage, query={"limit": page_size}))

    async def reschedule(self, distribution_id: Id, **body: Unpack[ScheduleBody]) -> DistributionDocument:
        """Move everything that was not sent yet."""
        return await self._transport.call(
            write("PATCH", _ONE, DistributionDocument, distribution_id, shape=ScheduleBody, body=body)
        )

    async def pause(self, distribution_id: Id) -> DistributionDocument:
        return await self._transport.call(act(f"{_ONE}/pause", DistributionDocument, distribution_id))

    async def resume(self, distribution_id: Id) -> DistributionDocument:
        return await self._transport.call(act(f"{_ONE}/resume", DistributionDocument, distribution_id))

    async def cancel(self, distribution_id: Id) -> DistributionDocument:
        """Stop everything that waits, and close the links, for good."""
        return await self._transport.call(act(f"{_ONE}/cancel", DistributionDocument, distribution_id))

    async def clone(
        self, distribution_id: Id, *, idempotency_key: str | None = None, **body: Unpack[CloneBody]
    ) -> DistributionDocument:
        """Send the distribution again, as a new one. All rules are judged again."""
        path, answer = f"{_ONE}/clone", DistributionDocument
        return await self._transport.call(
            write("POST", path, answer, distribution_id, shape=CloneBody, body=body, key=idempotency_key)
        )

    async def retry(
        self,
        distribution_id: Id,
        *,
        dry_run: bool = False,
        idempotency_key: str | None = None,
        **body: Unpack[RetryBody],
    ) -> RetryDocument:
        """Send again to recipients who were not reached, or to some of them."""
        path, given = f"{_ONE}/retry", {**body, "dryRun": dry_run}
        return await self._transport.call(
            write("POST", path, RetryDocument, distribution_id, shape=RetryBody, body=given, key=idempotency_key)
        )

    def retries(self, distribution_id: Id, *, page_size: int = 100) -> AsyncIterator[RetryDocument]:
        """Yield the retries of a distribution, and how far each is."""
        return self._transport.pages(get(f"{_ONE}/retry", RetryPage, distribution_id, query={"limit": page_size}))

    def recipients(
        self,
        distribution_id: Id,
        *,
        contact_id: Id | None = None,
        external_id: str | None = None,
        email: str | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[RecipientDocument]:
        """Yield recipients with their links and timelines, or only those of one contact."""
        query = {"contactId": contact_id, "externalId": external_id, "email": email, "limit": page_size}
        return self._transport.pages(get(f"{_ONE}/recipients", RecipientPage, distribution_id, query=query))

    def skipped(
        self,
        distribution_id: Id,
        *,
        contact_id: Id | None = None,
        external_id: str | None = None,
        email: str | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[SkippedDocument]:
        """Yield contacts who are not recipients, and why."""
        query = {"contactId": contact_id, "externalId": external_id, "email": email, "limit": page_size}
        return self._transport.pages(get(f"{_ONE}/skipped", SkippedPage, distribution_id, query=query))

    def search_recipients(
        self, distribution_id: Id, **query: Unpack[RecipientQuery]
    ) -> AsyncIterator[RecipientDocument]:
        """Like `recipients`, without addresses in a URL, and with more to search by."""
        path = f"{_ONE}/recipients/search"
        return self._transport.pages(
            write("POST", path, RecipientPage, distribution_id, shape=RecipientQuery, body=query)
        )

    def search_skipped(self, distribution_id: Id, **query: Unpack[SkippedQuery]) -> AsyncIterator[SkippedDocument]:
        """Like `skipped`, without addresses in a URL, and with more to search by."""
        path = f"{_ONE}/skipped/search"
        return self._transport.pages(write("POST", path, SkippedPage, distribution_id, shape=SkippedQuery, body=query))

    async def unreached(self, distribution_id: Id) -> UnreachedDocument:
        """Return how many recipients were not reached, by reason."""
        return await self._transport.call(get(f"{_ONE}/unreached", UnreachedDocument, distribution_id))

    def steps(self, distribution_id: Id, *, page_size: int = 100) -> AsyncIterator[StepDocument]:
        """Yield the steps of a distribution with their counts."""
        return self._transport.pages(get(f"{_ONE}/steps", StepPage, distribution_id, query={"limit": page_size}))

    async def add_step(
        self, distribution_id: Id, *, idempotency_key: str | None = None, **body: Unpack[AddedStepBody]
    ) -> StepDocument:
        """Add a reminder or a thank-you."""
        path = f"{_ONE}/steps"
        return await self._transport.call(
            write("POST", path, StepDocument, distribution_id, shape=AddedStepBody, body=body, key=idempotency_key)
        )
