"""Read parts of names by the trigram indexes, however the planner guesses."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

# Parts are found by their groups of three letters, so shorter ones are not looked for.
LEAST_PART: Final = 3
# A part that is in every address, such as “@example.com”, is in every row, and rows are compared one by one.
TIMEOUT: Final = "1500ms"


class TooCommonError(Exception):
    """The part is in too many names or addresses to look through them."""


def pattern_of(text: str) -> str:
    """Return the LIKE pattern of words that follow one another; "" if none of them is long enough."""
    words = text.split()
    if not any(len(word) >= LEAST_PART for word in words):
        return ""
    return "%" + "%".join(_escape(word) for word in words) + "%"


def read_by_index(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement without reading whole tables.

    The planner would choose that for a LIMIT, because it expects the first rows soon: of a rare name they come last.
    Raises TooCommonError.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('enable_seqscan', 'off', true), set_config('statement_timeout', %s, true)", [TIMEOUT]
            )
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooCommonError from error
        raise
    return rows


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
