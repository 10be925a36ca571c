"""A limit for single statements of a call that may read very much, shorter than the process's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled


class TookTooLongError(Exception):
    """A statement was stopped at its limit. The transaction cannot go on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a statement was stopped after {seconds:g} s")
        self.seconds = seconds


@contextmanager
def limit_statements_to(seconds: float) -> Iterator[None]:
    """Stop each statement that takes longer. Raises TookTooLongError. Only within a transaction."""
    before = _set_limit(f"{seconds * 1_000:.0f}")
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLongError(seconds) from error
        raise
    _set_limit(before)


def _set_limit(limit: str) -> str:
    """Set the limit until the end of the transaction. Returns the one before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)", [limit]
        )
        before, _ = cursor.fetchone()
    return str(before)
