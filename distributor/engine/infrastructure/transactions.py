"""Retry transactions that PostgreSQL ended because of a collision with another one. Nothing of them was written."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, connection, transaction
from psycopg.errors import DeadlockDetected, Error, UniqueViolation

from contacts.models import Organization

logger = structlog.get_logger(__name__)
GivenT = ParamSpec("GivenT")
ResultT = TypeVar("ResultT")
MAX_ATTEMPTS: Final = 3


def retry_deadlocks(work: Callable[GivenT, ResultT]) -> Callable[GivenT, ResultT]:
    """Run the function in one transaction, and again where a deadlock ended it. At most three times."""

    @wraps(work)
    def run(*args: GivenT.args, **kwargs: GivenT.kwargs) -> ResultT:
        return _retry(lambda attempt: work(*args, **kwargs), DeadlockDetected)

    return run


def retry_contact_collisions(
    work: Callable[Concatenate[Organization, GivenT], ResultT],
) -> Callable[Concatenate[Organization, GivenT], ResultT]:
    """Run a function that resolves an organisation's contacts in one transaction; after a collision again, and alone.

    Keys of one kind are locked in order, but calls that name the same people by different kinds of keys can still
    collide. PostgreSQL lets one of them go on. The other starts over while no other call of the organisation runs:
    without that, 8 such calls at once used up three attempts each.
    """

    @wraps(work)
    def run(organization: Organization, /, *args: GivenT.args, **kwargs: GivenT.kwargs) -> ResultT:
        def run_attempt(attempt: int) -> ResultT:
            _enter(organization, alone=attempt > 1)
            return work(organization, *args, **kwargs)

        return _retry(run_attempt, DeadlockDetected, UniqueViolation)

    return run


def _enter(organization: Organization, *, alone: bool) -> None:
    """Wait for a place among the organisation's simultaneous calls, kept until the end of the transaction."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"acceptance {organization.pk}"])


def _retry(run_attempt: Callable[[int], ResultT], *collisions: type[Error]) -> ResultT:
    """Run in a transaction, again where one of these errors ended it. The function is told which attempt it is."""
    for attempt in range(1, MAX_ATTEMPTS):
        try:
            with transaction.atomic():
                return run_attempt(attempt)
        except DatabaseError as error:
            if not isinstance(error.__cause__, collisions):
                raise
            logger.warning("collision", attempt=attempt, error=type(error.__cause__).__name__)
    with transaction.atomic():
        return run_attempt(MAX_ATTEMPTS)
