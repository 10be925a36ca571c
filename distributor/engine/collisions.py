"""Transactions that met another one head-on: PostgreSQL ends one of them, and it starts over with nothing written."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, transaction
from psycopg.errors import DeadlockDetected

logger = structlog.get_logger(__name__)
GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")
TRIES = 3


def in_one_piece(work: Callable[GivenT, ResultT]) -> Callable[GivenT, ResultT]:
    """Do the work in one transaction, and again where a deadlock ended it."""

    @wraps(work)
    def do(*args: GivenT.args, **kwargs: GivenT.kwargs) -> ResultT:
        for attempt in range(1, TRIES):
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except DatabaseError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
                logger.warning("deadlock", work=work.__name__, attempt=attempt)
        with transaction.atomic():
            return work(*args, **kwargs)

    return do
