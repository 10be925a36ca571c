"""A receiver of events, and endpoints that lead to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from contacts.models import Organization
from distributor.engine.events import deliver
from distributor.engine.events.endpoints import (
    create_endpoint,
)
from distributor.engine.infrastructure.clock import database_now
from distributor.models import EventEndpoint
from tests.support.engine.deliveries import Make
from tests.support.standins.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running


@pytest.fixture(autouse=True)
def no_kept_connections() -> Iterator[None]:
    """Each test has servers of its own."""
    yield
    for lines in deliver._lines.values():
        for line in lines:
            line.close()
    deliver._lines.clear()


@pytest.fixture
def make(organization: Organization) -> Make:
    def make(url: str, **values: Any) -> EventEndpoint:
        return create_endpoint(organization, {"name": "CRM", "url": url, **values}, database_now())

    return make
