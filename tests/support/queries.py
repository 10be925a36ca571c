"""Counting database queries."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def count_queries(call: Callable[[], object]) -> int:
    """Run the call, and return how many queries it made on this thread's connection."""
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)
