"""Where a run lives on the servers it is given: a database of its own on each."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
import redis
from psycopg import sql

DATABASE = "distributor_bench"
BROKER_DATABASE = 15  # The last that a Valkey or Redis has by default: nobody else's hints are in it.


@contextmanager
def own_database(server_url: str, *, name: str = DATABASE, is_kept: bool = False) -> Iterator[str]:
    """The URL of a new database on the same server, dropped at the end unless `is_kept`."""
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


def own_broker_url(url: str) -> str:
    """The same server, emptied database 15: `unix:///path?db=15` or `redis://host/15`."""
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
