import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.sweep import SWEEP, sweep
from distributor.models import Heartbeat

ALL_WELL = {"database": "ok", "migrations": "ok", "broker": "ok", "heartbeat": "ok", "memory": "ok", "journal": "off"}


@pytest.fixture
def load_balancer() -> Client:
    """A load balancer: without API key or cookies."""
    return Client()


def test_the_process_answers_without_a_key_and_without_a_database(load_balancer: Client) -> None:
    # pytest-django makes every query fail in a test without database access.
    response = load_balancer.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_all_is_well_after_a_sweep(load_balancer: Client) -> None:
    sweep(database_now(), 2.0)
    response = load_balancer.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "checks": ALL_WELL})


@pytest.mark.django_db
def test_without_a_first_sweep_it_is_not_ready(load_balancer: Client) -> None:
    response = load_balancer.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "checks": {**ALL_WELL, "heartbeat": "none yet"}}


@pytest.mark.django_db
def test_a_stopped_heartbeat_is_reported_with_its_age(load_balancer: Client) -> None:
    Heartbeat.objects.create(name=SWEEP, beat_at=database_now() - timedelta(hours=1))
    response = load_balancer.get("/readyz")
    assert response.status_code == 503
    assert re.fullmatch(r"36\d\d s old", response.json()["checks"]["heartbeat"])


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_counted(load_balancer: Client) -> None:
    sweep(database_now(), 2.0)
    [latest] = MigrationLoader(connection).graph.leaf_nodes("distributor")
    MigrationRecorder(connection).record_unapplied(*latest)
    response = load_balancer.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {**ALL_WELL, "migrations": "1 to apply"}


@pytest.fixture
def no_database() -> Iterator[None]:
    """Connect to a port where there is no server."""
    usual = connection.settings_dict
    connection.close()
    connection.settings_dict = {**usual, "HOST": "127.0.0.1", "PORT": "1"}
    yield
    connection.close()
    connection.settings_dict = usual


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_database")
def test_a_missing_database_is_reported(load_balancer: Client) -> None:
    response = load_balancer.get("/readyz")
    assert response.status_code == 503
    outcomes = {**dict.fromkeys(ALL_WELL, "OperationalError"), "broker": "ok"}
    assert response.json() == {"status": "not ready", "checks": outcomes}
