"""A connection that PostgreSQL ended while nobody used it, as by a restart, is replaced before a request notices."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.postgresql import base

from config.postgresql.base import DatabaseWrapper, is_quiet
from tests.stack.running import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["kept", "pool"])
def database(request: pytest.FixtureRequest) -> Iterator[DatabaseWrapper]:
    """A connection of its own, as a worker keeps one and as the web process takes them from a pool."""
    is_pool = request.param == "pool"
    options = connection.settings_dict["OPTIONS"] | ({"pool": {"min_size": 2, "max_size": 2}} if is_pool else {})
    changed = {"OPTIONS": options, "CONN_HEALTH_CHECKS": not is_pool, "CONN_MAX_AGE": 0 if is_pool else None}
    wrapper = DatabaseWrapper({**connection.settings_dict, **changed}, alias=connection.alias)
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def _begin_request(database: DatabaseWrapper) -> None:
    """Do what Django does before and after each request."""
    if database.pool:
        database.close()
    database.close_if_unusable_or_obsolete()


def _ask(database: DatabaseWrapper) -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    return int(pid)


def _end_all(database: DatabaseWrapper) -> None:
    """End the connections of the wrapper and its pool, and wait until their sockets are closed."""
    if database.pool:
        database.close()
    ended = list(database.pool._pool) if database.pool else [database.connection]
    with connection.cursor() as cursor:
        for each in ended:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [each.info.backend_pid])
    assert not any(is_quiet(each) for each in ended)


def test_the_settings_name_this_backend() -> None:
    assert settings.DATABASES["default"]["ENGINE"] == "config.postgresql"


def test_a_request_after_a_restart_of_the_server_works(database: DatabaseWrapper) -> None:
    before = _ask(database)
    _end_all(database)
    for _ in range(3):
        _begin_request(database)
        assert _ask(database) != before


def test_a_connection_that_works_is_used_again(database: DatabaseWrapper) -> None:
    _ask(database)
    used = set()
    for _ in range(5):
        _begin_request(database)
        used.add(_ask(database))
    assert len(used) <= 2  # as many as the pool has


def test_a_server_that_only_told_something_keeps_its_connection(database: DatabaseWrapper) -> None:
    """A changed setting reaches clients unasked. The socket then has something to read, but works."""
    pid = _ask(database)
    lent = database.connection
    assert lent is not None
    with lent.cursor() as cursor:
        cursor.execute("LISTEN told")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY told")
    wait_until(lambda: not is_quiet(lent))
    assert database.is_usable()
    assert _ask(database) == pid


@pytest.mark.parametrize("reason", ["an error", "a transaction"])
def test_the_server_is_asked_after_an_error_and_inside_a_transaction(
    database: DatabaseWrapper, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a connection may be quiet, and refuse each statement."""
    _ask(database)
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda asked: False)
    assert database.is_usable()
    if reason == "an error":
        database.errors_occurred = True
    else:
        database.set_autocommit(False)
        _ask(database)
    assert not database.is_usable()
    database.rollback()
