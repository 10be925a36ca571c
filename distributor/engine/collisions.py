"""Transactions that met another one head-on: PostgreSQL ends one of them, and it starts over with nothing written."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, transaction
from psycopg.errors import DeadlockDetected, Error

logger = structlog.get_logger(__name__)
GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")
TRIES: Final = 3


def in_one_piece(work: Callable[GivenT, ResultT]) -> Callable[GivenT, ResultT]:
    """Do the work in one transaction, and again where a deadlock ended it."""

    @wraps(work)
    def do(*args: GivenT.args, **kwargs: GivenT.kwargs) -> ResultT:
        return retry_collisions(lambda attempt: work(*args, **kwargs), DeadlockDetected, work=work.__name__)

    return do


def retry_collisions(attempt_work: Callable[[int], ResultT], *collisions: type[Error], work: str) -> ResultT:
    """Do the work in a transaction, thrice at most where one of these errors ends it. It is told which time it is."""
    for attempt in range(1, TRIES):
        try:
            with transaction.atomic():
                return attempt_work(attempt)
        except DatabaseError as error:
            if not isinstance(error.__cause__, collisions):
                raise
            logger.warning("collision", work=work, attempt=attempt, error=type(error.__cause__).__name__)
    with transaction.atomic():
        return attempt_work(TRIES)
