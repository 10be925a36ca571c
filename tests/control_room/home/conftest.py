"""A manager of ACME, an e-mail account that refuses Bob and defers Carla, and what the page shows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.control_room.home.alerts import find_alerts
from distributor.control_room.home.data import HomeData
from distributor.control_room.layout.room import enter_room
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.sweep import SWEEP
from distributor.models import (
    Distribution,
    Heartbeat,
    Survey,
)
from tests.admin.conftest import person, send
from tests.support.operators import member, signed_in

DAY = timedelta(days=1)
Sent = Callable[..., Distribution]


@pytest.fixture(autouse=True)
def beating(db: None) -> None:
    Heartbeat.objects.create(name=SWEEP, beat_at=database_now())


@pytest.fixture
def operator(organization: Organization) -> Client:
    return signed_in(member(organization, "manager", "mona"))


@pytest.fixture
def email(accounts: dict[Channel, ProviderAccount]) -> ProviderAccount:
    account = accounts[Channel.EMAIL]
    account.configuration = {"failAddresses": {"bob@example.com": "permanent", "carla@example.com": "transient"}}
    account.save()
    return account


@pytest.fixture
def sent(survey: Survey, email: ProviderAccount, templates: dict[Channel, Template]) -> Sent:
    def send_to(*names: str, **options: Any) -> Distribution:
        return send(survey, email, templates[Channel.EMAIL], [person(name, name.title()) for name in names], **options)

    return send_to


def page_of(client: Client, query: str = "") -> str:
    answer = client.get(f"/admin/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def data_of(client: Client) -> HomeData:
    return HomeData(enter_room(client.get("/admin/tables/").wsgi_request))


def alerts_of(client: Client) -> list[str]:
    return [alert.text for alert in find_alerts(data_of(client))]
