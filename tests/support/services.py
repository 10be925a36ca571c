"""PostgreSQL and Valkey for the tests, started before pytest-django reads the settings.

This is a plugin (`addopts = "-p tests.support.services"`), because a root conftest is loaded too late. With xdist, the
controller starts the servers once and the workers inherit its environment. pytest-django gives each worker its own
database, and this plugin its own Valkey database. DATABASE_URL and REDIS_URL, if set, name servers to use instead.
"""

import os
import re
from collections.abc import Generator

import pytest

from config.stack.errors import StackError
from config.stack.throwaway import ThrowawayServers, export


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    options = early_config.known_args_namespace
    if options.help or options.version:
        return (yield)
    if worker:
        os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)
    else:
        start_servers(early_config)
    return (yield)


def start_servers(config: pytest.Config) -> None:
    before = dict(os.environ)
    servers = ThrowawayServers()
    try:
        export(servers.start(os.environ))
    except StackError as error:
        raise pytest.UsageError(str(error)) from error
    config.add_cleanup(lambda: export(before))
    config.add_cleanup(servers.stop)


def own_database(redis_url: str, worker: str) -> str:
    """Return the URL with the worker's database number: 1 for `gw0`, because 0 is the controller's."""
    number = int(worker.removeprefix("gw")) + 1
    if redis_url.startswith("unix:"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return re.sub(r"^(rediss?://[^/]+)(/\d*)?$", rf"\1/{number}", redis_url)
