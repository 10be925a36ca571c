"""Save round trips: a statement whose result nobody reads travels with the next one, and with BEGIN."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

Parameters = Sequence[Any] | Mapping[str, Any] | None


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
