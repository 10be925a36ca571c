"""The client: a connection pool, an API key, and the resources."""

from types import TracebackType
from typing import Final

import httpx

from distributor_client._async.contacts import Contacts
from distributor_client._async.distributions import Distributions
from distributor_client._async.events import EventEndpoints, Events
from distributor_client._async.exports import Exports
from distributor_client._async.imports import Imports
from distributor_client._async.links import Links, Responses
from distributor_client._async.lists import Lists
from distributor_client._async.providers import Providers, SandboxMessages
from distributor_client._async.recipients import Recipients
from distributor_client._async.sending import Sending
from distributor_client._async.suppressions import Suppressions
from distributor_client._async.surveys import Surveys
from distributor_client._async.templates import Templates
from distributor_client._async.transport import AsyncTransport
from distributor_client.retry import RetryPolicy

_POLICY: Final = RetryPolicy()


class AsyncDistributor(Sending):
    """A client of a Distributor server. Use it as a context manager, or call `aclose()` at the end.

    `timeout_seconds` is the longest wait for each step of a try: connecting, sending, the next byte of the answer.
    `transport` replaces the network, for example with `httpx.MockTransport` in tests of your own.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        timeout_seconds: float = 30.0,
        retry: RetryPolicy = _POLICY,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"x-api-key": api_key, "User-Agent": "distributor-client-python"}
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=headers, timeout=timeout_seconds, transport=transport, follow_redirects=False
        )
        calls = AsyncTransport(self._http, retry)
        self.contacts: Final = Contacts(calls)
        self.distributions: Final = Distributions(calls)
        self.event_endpoints: Final = EventEndpoints(calls)
        self.events: Final = Events(calls)
        self.exports: Final = Exports(calls)
        self.imports: Final = Imports(calls)
        self.links: Final = Links(calls)
        self.lists: Final = Lists(calls)
        self.providers: Final = Providers(calls)
        self.recipients: Final = Recipients(calls)
        self.responses: Final = Responses(calls)
        self.sandbox_messages: Final = SandboxMessages(calls)
        self.suppressions: Final = Suppressions(calls)
        self.surveys: Final = Surveys(calls)
        self.templates: Final = Templates(calls)
        super().__init__(self.surveys, self.providers, self.templates, self.distributions)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncDistributor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
