"""Retry transactions that PostgreSQL aborted because they collided with another one. Nothing of them was written.

A lock travels with the first statement after it, and with BEGIN: each wait for the database is part of a call's time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, connection, transaction
from psycopg.errors import DeadlockDetected, Error, UniqueViolation

from contacts.models import Organization

logger = structlog.get_logger(__name__)
ParamsT = ParamSpec("ParamsT")
ResultT = TypeVar("ResultT")
Parameters = Sequence[Any] | Mapping[str, Any] | None
MAX_ATTEMPTS: Final = 3


def release_connection() -> None:
    """Give the database connection back before a call over the network. The next statement takes one again.

    The web process has few. Inside a transaction nothing is given back.
    """
    if not connection.in_atomic_block:
        connection.close()


def retry_deadlocks(function: Callable[ParamsT, ResultT]) -> Callable[ParamsT, ResultT]:
    """Run the function in one transaction, and again after a deadlock. At most three attempts."""

    @wraps(function)
    def run(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ResultT:
        return _retry(lambda attempt: function(*args, **kwargs), DeadlockDetected)

    return run


def retry_contact_collisions(
    function: Callable[Concatenate[Organization, ParamsT], ResultT],
) -> Callable[Concatenate[Organization, ParamsT], ResultT]:
    """Run a function that resolves an organisation's contacts in one transaction, and again after a collision.

    Contacts are locked in the order of their keys, but calls that name the same people by different kinds of keys can
    still collide. PostgreSQL then aborts one of them. Its retry takes the organisation's lock exclusively, so that no
    other such call runs beside it: without that, 8 simultaneous calls used up three attempts each.
    """

    @wraps(function)
    def run(organization: Organization, /, *args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ResultT:
        def run_attempt(attempt: int) -> ResultT:
            with _organization_locked(organization, exclusive=attempt > 1):
                return function(organization, *args, **kwargs)

        return _retry(run_attempt, DeadlockDetected, UniqueViolation)

    return run


@contextmanager
def before_first_statement(sql: str, parameters: Sequence[Any]) -> Iterator[None]:
    """Send a statement just before the block's first one, and wait for both at once. COPY is not a statement here.

    PostgreSQL runs them one after the other, so the first sees what was committed while this one waited for a lock. A
    block without statements sends nothing.
    """
    is_sent = False

    def send_both(
        execute: Callable[..., Any], first_sql: str, first_parameters: Parameters, many: bool, context: dict[str, Any]
    ) -> Any:
        nonlocal is_sent
        if is_sent:
            return execute(first_sql, first_parameters, many, context)
        is_sent = True
        with connection.wrap_database_errors, connection.connection.pipeline(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return execute(first_sql, first_parameters, many, context)

    with connection.execute_wrapper(send_both):
        yield


def _organization_locked(organization: Organization, *, exclusive: bool) -> AbstractContextManager[None]:
    """Take the organisation's acceptance lock, with the block's first statement, until the end of the transaction."""
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    lock = f"SELECT {function}(hashtextextended(%s, 0))"
    return before_first_statement(lock, [f"acceptance {organization.pk}"])


def _retry(run_attempt: Callable[[int], ResultT], *collisions: type[Error]) -> ResultT:
    """Run the function in a transaction, and again after one of these errors. It gets the attempt's number, from 1."""
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
