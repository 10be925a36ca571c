"""Transactions that met another one head-on: PostgreSQL ends one of them, and it starts over with nothing written."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, connection, transaction
from psycopg.errors import DeadlockDetected, Error, UniqueViolation

from contacts.models import Organization

logger = structlog.get_logger(__name__)
GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")
TRIES: Final = 3


def in_one_piece(work: Callable[GivenT, ResultT]) -> Callable[GivenT, ResultT]:
    """Do the work in one transaction, and again where a deadlock ended it."""

    @wraps(work)
    def do(*args: GivenT.args, **kwargs: GivenT.kwargs) -> ResultT:
        return _retry(lambda attempt: work(*args, **kwargs), DeadlockDetected)

    return do


def among_calls(organization: Organization, work: Callable[[], ResultT]) -> ResultT:
    """Do work that resolves contacts, in one transaction; where it met another one head-on, again and alone.

    Keys of one kind are locked in order. Calls that name the same people by different kinds of keys can still meet;
    PostgreSQL lets one go on, and the other starts over, alone, with nothing written. (Merely starting over, 8 such
    calls at once used up three tries each.)
    """

    def attempt_work(attempt: int) -> ResultT:
        _enter(organization, alone=attempt > 1)
        return work()

    return _retry(attempt_work, DeadlockDetected, UniqueViolation)


def _enter(organization: Organization, *, alone: bool) -> None:
    """Wait for a place among the organisation's simultaneous calls, until the end of the transaction."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"acceptance {organization.pk}"])


def _retry(attempt_work: Callable[[int], ResultT], *collisions: type[Error]) -> ResultT:
    """Do the work in a transaction, thrice at most where one of these errors ends it. It is told which time it is."""
    for attempt in range(1, TRIES):
        try:
            with transaction.atomic():
                return attempt_work(attempt)
        except DatabaseError as error:
            if not isinstance(error.__cause__, collisions):
                raise
            logger.warning("collision", attempt=attempt, error=type(error.__cause__).__name__)
    with transaction.atomic():
        return attempt_work(TRIES)
