"""Translates `REDIS_URL`, the one setting for Valkey or Redis, for Celery."""

from urllib.parse import parse_qs, urlsplit


def kombu_url(redis_url: str) -> str:
    """Return the server's URL in kombu's form.

    redis-py writes a unix socket as `unix:///path?db=1`, kombu as `redis+socket:///path?virtual_host=1`. `redis://` and
    `rediss://` are the same in both.
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
