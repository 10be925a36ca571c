"""Counts and short lists in Valkey that may be lost. Whatever uses them goes on when Valkey is away."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

# After a failure this process asks nothing for this long: each try may take the timeout.
_PAUSE_SECONDS: Final = 5.0
_paused_until = 0.0
_is_away = False


@cache
def valkey(url: str) -> Redis:
    """Return this process's client of the Valkey at a URL."""
    return Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)


def ask_valkey(write_commands: Callable[[Pipeline], object]) -> Sequence[Any] | None:
    """Send commands in one round trip, and return their answers. None if there is no Valkey, or it is away."""
    global _paused_until, _is_away
    if not settings.REDIS_URL or time.monotonic() < _paused_until:
        return None
    if _is_away:
        # This thread asks whether it is back. The others do not wait for the same timeout.
        _paused_until = time.monotonic() + _PAUSE_SECONDS
    try:
        with valkey(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            write_commands(pipeline)
            answers: Sequence[Any] = pipeline.execute()
    except (RedisError, OSError) as error:
        _paused_until, _is_away = time.monotonic() + _PAUSE_SECONDS, True
        logger.warning("requests_not_counted", error=str(error))
        return None
    _paused_until, _is_away = 0.0, False
    return answers


def add_up(numbers: Mapping[str, int], lifetime_seconds: int) -> Sequence[int] | None:
    """Add to counters, in one round trip, and return them in the order given. None if Valkey is away.

    Counters end `lifetime_seconds` after something was last added.
    """

    def write_commands(pipeline: Pipeline) -> None:
        for key, number in numbers.items():
            pipeline.incrby(key, number)
            pipeline.expire(key, lifetime_seconds)

    answers = ask_valkey(write_commands)
    return None if answers is None else [int(count) for count in answers[::2]]
