"""Pagination of tables with millions of rows."""

from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator  # It takes no type parameters at run time.

# A hundred pages of a hundred rows. Counting 10,000 rows takes 2 ms. Counting a million takes 80 to 90 ms, and longer
# when they are not in memory.
COUNT_LIMIT = 10_000


class CappedPaginator(AnyPaginator):
    """Counts up to COUNT_LIMIT rows and shows no more: beyond a hundred pages, people search."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:COUNT_LIMIT].count()

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count == COUNT_LIMIT
