"""Surveys."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, delete, get, write
from distributor_client.models import SurveyBody, SurveyChanges, SurveyDocument, SurveyPage


class Surveys(Resource):
    async def create(self, **body: Unpack[SurveyBody]) -> SurveyDocument:
        return await self._transport.call(write("POST", "/surveys", SurveyDocument, shape=SurveyBody, body=body))

    async def get(self, survey_id: Id) -> SurveyDocument:
        return await self._transport.call(get("/surveys/{survey_id}", SurveyDocument, survey_id))

    def list(self, *, page_size: int = 100) -> AsyncIterator[SurveyDocument]:
        """Yield all, newest first."""
        return self._transport.pages(get("/surveys", SurveyPage, query={"limit": page_size}))

    async def update(self, survey_id: Id, **changes: Unpack[SurveyChanges]) -> SurveyDocument:
        """Change the given fields; the others stay."""
        call = write("PATCH", "/surveys/{survey_id}", SurveyDocument, survey_id, shape=SurveyChanges, body=changes)
        return await self._transport.call(call)

    async def delete(self, survey_id: Id) -> None:
        """Delete it. Raises ConflictError if something was sent with it."""
        await self._transport.call(delete("/surveys/{survey_id}", survey_id))
