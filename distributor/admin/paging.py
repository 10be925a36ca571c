"""Pages of tables that hold millions of rows."""

from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator  # not subscriptable at run time

# A hundred pages of a hundred. Counting so many rows takes 2 ms; counting all of a million takes 80 to 90, and more
# when they are not in memory.
COUNT_LIMIT = 10_000


class CappedPaginator(AnyPaginator):
    """Counts to COUNT_LIMIT and no further: nobody turns the hundred-and-first page, they search."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[:COUNT_LIMIT].count()

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than are counted."""
        return self.count == COUNT_LIMIT
