"""Transactions that met another one head-on: PostgreSQL ends one of them, and it starts over with nothing written."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, connection, transaction
from psycopg.errors import DeadlockDetected, UniqueViolation

from contacts.models import Organization

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


def among_calls(organization: Organization, work: Callable[[], ResultT]) -> ResultT:
    """Do work that resolves contacts, in one transaction; where it met another one head-on, again and alone.

    Keys of one kind are locked in order. Calls that name the same people by different kinds of keys can still meet;
    PostgreSQL lets one go on, and the other starts over, alone, with nothing written. (Merely starting over, 8 such
    calls at once used up three tries each.)
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                _enter(organization, alone=attempt > 1)
                return work()
        except DatabaseError as error:
            if not isinstance(error.__cause__, (DeadlockDetected, UniqueViolation)) or attempt == TRIES:
                raise
            logger.warning("acceptance_collision", attempt=attempt, error=type(error.__cause__).__name__)
    raise AssertionError("unreachable")


def _enter(organization: Organization, *, alone: bool) -> None:
    """Wait for a place among the organisation's simultaneous calls, until the end of the transaction."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"acceptance {organization.pk}"])
