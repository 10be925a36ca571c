"""`manage.py partitions [convert | keep]`: show the partitions of the tables that only grow, or make some."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.partitions.brief_lock import TableBusyError
from distributor.partitions.catalogue import find_current, opened_at, read_partitions
from distributor.partitions.convert import CannotConvertError, convert
from distributor.partitions.tables import PARTITIONED, PartitionedTable


class Command(BaseCommand):
    """See docs/partitions.md."""

    help = (
        "Show partitions; `convert` makes plain tables partitioned while they are in use; `keep` does what beat does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=["show", "convert", "keep"], default="show")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        if action == "convert":
            self._convert()
        elif action == "keep":
            keep_partitions(database_now())
        for table in PARTITIONED:
            self._show(table)

    def _convert(self) -> None:
        for table in PARTITIONED:
            try:
                convert(table, self.stdout.write)
            except TableBusyError as error:
                raise CommandError(f"{error}. Run it again: it goes on where it was.") from error
            except CannotConvertError as error:
                raise CommandError(f"{error}. Remove it, convert, and make it again.") from error

    def _show(self, table: PartitionedTable) -> None:
        partitions = read_partitions(table)
        if not partitions:
            self.stdout.write(f"{table.name}: not partitioned. `manage.py partitions convert` does it.")
            return
        current = find_current(table, partitions)
        self.stdout.write(f"{table.name}, by {table.key}:")
        for place, partition in enumerate(partitions):
            opened = opened_at(table, partition) if current is not None and place <= current else None
            state = "current" if place == current else "closed" if current is not None and place < current else "ahead"
            since = f" since {opened:%Y-%m-%d %H:%M}" if opened is not None else ""
            start = "…" if partition.lower is None else f"{partition.lower:,}"
            self.stdout.write(
                f"  {partition.name:<28} from {start:>18}  {partition.byte_count / 2**20:>9,.1f} MB"
                f"  about {partition.row_count:,} rows  {state}{since}"
            )
