"""A run's own databases on the given PostgreSQL and broker servers."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import redis
from psycopg import sql

DATABASE = "distributor_bench"
BROKER_DATABASE = 15  # The last one that Valkey and Redis have by default, so hardly in use.


@contextmanager
def own_database(server_url: str, *, name: str = DATABASE, is_kept: bool = False) -> Iterator[str]:
    """Yield the URL of a new database on the same server, dropped at the end unless `is_kept`.

    SIGTERM ends the run as an error would: what it has started ends with it.
    """
    signal.signal(signal.SIGTERM, _end)
    identifier = sql.Identifier(name)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        parts = urlsplit(server_url)
        yield f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"
    finally:
        if not is_kept:
            with psycopg.connect(server_url, autocommit=True) as server:
                server.execute(drop)


def _end(*_: Any) -> None:
    sys.exit(128 + signal.SIGTERM)


def own_broker_url(url: str) -> str:
    """Empty database 15 of the server and return its URL: `unix:///path?db=15` or `redis://host/15`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query)) | {"db": str(BROKER_DATABASE)}
        url = f"unix://{parts.path}?{urlencode(query)}"
    else:
        url = f"{parts.scheme}://{parts.netloc}/{BROKER_DATABASE}"
    empty_broker(url)
    return url


def empty_broker(url: str) -> None:
    with redis.from_url(url) as broker:
        broker.flushdb()
