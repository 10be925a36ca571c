"""One `REDIS_URL` for everything that speaks to Valkey or Redis."""

from urllib.parse import parse_qs, urlsplit


def kombu_url(redis_url: str) -> str:
    """The same server as Celery's broker URL.

    redis-py writes a unix socket as `unix:///path?db=1`, kombu as `redis+socket:///path?virtual_host=1`;
    `redis://` and `rediss://` read the same in both.
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
