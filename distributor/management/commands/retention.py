"""`manage.py retention [--dry-run]`: delete what organisations keep no longer, or count it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.retention import KINDS, count_expired, delete_due
from distributor.models import RetentionRun


class Command(BaseCommand):
    """Workers do the same by themselves, a day after the last pass. See docs/operations.md."""

    help = "Delete what organisations keep no longer, or count it with --dry-run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def handle(self, *_: Any, dry_run: bool, **options: Any) -> None:
        now = database_now()
        counts = count_expired(now)
        for kind, by_organization in counts.items():
            for slug, count in by_organization.items():
                self.stdout.write(f"{slug}: {count:,} {kind}")
        if not any(counts.values()):
            self.stdout.write("Nothing is older than it is kept.")
        if dry_run:
            return
        RetentionRun.objects.filter(kind__in=KINDS).update(due_at=now)
        while delete_due(database_now, is_patient=False):
            pass
        self.stdout.write("Done.")
