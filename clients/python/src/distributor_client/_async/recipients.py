"""Recipients of all distributions."""

from collections.abc import AsyncIterator

from typing_extensions import Unpack

from distributor_client._async.resource import Resource
from distributor_client.calls import Id, Time, get, write
from distributor_client.models import JourneyDocument, JourneyPage, JourneyQuery


class Recipients(Resource):
    def list(
        self,
        *,
        survey_id: Id | None = None,
        state: str | None = None,
        updated_after: Time | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[JourneyDocument]:
        """Yield recipients of all distributions. `search` has everything else to search by."""
        query = {"surveyId": survey_id, "state": state, "updatedAfter": updated_after, "limit": page_size}
        return self._transport.pages(get("/recipients", JourneyPage, query=query))

    def search(self, **query: Unpack[JourneyQuery]) -> AsyncIterator[JourneyDocument]:
        """Yield those who fit, by contact, survey, state, reason and times."""
        return self._transport.pages(write("POST", "/recipients/search", JourneyPage, shape=JourneyQuery, body=query))
