"""A client of a real server: each test that uses `distributor` runs with the sync client and with the async one."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.models import Survey
from distributor_client import AsyncDistributor, Distributor, RetryPolicy
from distributor_client._async.resource import Resource
from tests.conftest import (
    accounts,
    api_key,
    organization,
    passwords_are_hashed_fast,
    survey,
    templates,
    tests_that_commit_end_with_a_fast_flush,
)
from tests.support.api.single_send import set_defaults

__all__ = [
    "accounts",
    "api_key",
    "organization",
    "passwords_are_hashed_fast",
    "survey",
    "templates",
    "tests_that_commit_end_with_a_fast_flush",
]

Connect = Callable[..., Any]
IMPATIENT = RetryPolicy(tries=3, first_delay_seconds=0.01)


class Blocking:
    """The async client, used as if it were the sync one: each call and each step of an iterator is awaited."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if isinstance(value, Resource):
            return Blocking(value, self._loop)
        return self._awaiting(value)

    def _awaiting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return self._steps(result) if inspect.isasyncgen(result) else wait_for(result, self._loop)

        return call

    def _steps(self, items: Any) -> Iterator[Any]:
        while True:
            try:
                yield wait_for(anext(items), self._loop)
            except StopAsyncIteration:
                return


def wait_for(awaitable: Awaitable[Any], loop: asyncio.AbstractEventLoop) -> Any:
    """Return the result, from a loop in a thread of its own: tests with a browser leave one running in this thread."""

    async def wait() -> Any:
        return await awaitable

    return asyncio.run_coroutine_threadsafe(wait(), loop).result()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Make clients of one kind: `connect(url, key)`."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made: list[Any] = []

    def make(url: str, key: str, **options: Any) -> Any:
        options.setdefault("retry", IMPATIENT)
        is_sync = request.param == "sync"
        made.append(Distributor(url, key, **options) if is_sync else AsyncDistributor(url, key, **options))
        return made[-1] if is_sync else Blocking(made[-1], loop)

    yield make
    for client in made:
        if isinstance(client, Distributor):
            client.close()
        else:
            wait_for(client.aclose(), loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def distributor(connect: Connect, live_server: LiveServer, api_key: str) -> Any:
    """ACME's client."""
    return connect(live_server.url, api_key)


@pytest.fixture
def defaults(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    """ACME has a survey “Your stay”, and for each channel a default account and template."""
    organization.allowed_redirect_hosts = ["survey.example.com"]
    organization.save()
    set_defaults(accounts, templates)


def in_a_thread(work: Callable[[], object]) -> None:
    """Do a worker's work now, also while an event loop runs in this thread."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()
