"""The broker's settings for Celery, from one URL: Valkey or Redis, Sentinel, RabbitMQ, each with or without TLS."""

import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit

# Without these timeouts a hung broker blocked every process for 25 s. Wake-ups wait even less
# (engine/infrastructure/wakeups.py). The first two are those of Valkey and Redis, the others RabbitMQ's. RabbitMQ has
# no read_timeout here: a worker's connection is silent for as long as nothing is to be done.
TIMEOUTS = {"socket_timeout": 5, "socket_connect_timeout": 1, "connect_timeout": 5, "write_timeout": 5}


def broker_settings(url: str, sentinel_name: str = "") -> dict[str, Any]:
    """Return Celery's settings for the broker, by their names without `broker_`.

    `sentinel_name` is the name by which Sentinels know the server; for `sentinel://` URLs only. With TLS the broker's
    certificate is verified: kombu by itself does not.
    """
    settings: dict[str, Any] = {"url": kombu_url(url), "transport_options": dict(TIMEOUTS), "use_ssl": None}
    match urlsplit(url).scheme:
        case "rediss":
            settings["use_ssl"] = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
        case "amqps":
            settings["use_ssl"] = {"cert_reqs": ssl.CERT_REQUIRED}
        case "sentinel":
            settings["transport_options"]["master_name"] = sentinel_name
    return settings


def kombu_url(url: str) -> str:
    """Return the broker's URL in kombu's form.

    redis-py writes a unix socket as `unix:///path?db=1`, kombu as `redis+socket:///path?virtual_host=1`. All other URLs
    are the same in both.
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
