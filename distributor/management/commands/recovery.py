"""`manage.py recovery show|release`: after a restore, what the database had forgotten, and let sending go on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.memory import compare_journal
from distributor.engine.recovery.status import read_memory_status, release


class Command(BaseCommand):
    """`show` compares the journal with the database first. See docs/production.md."""

    help = "Show what the database had forgotten after a restore, or let sending go on: show, release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("show", "release"), help="show: look; release: let sending go on")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        now = database_now()
        compare_journal(now)
        status = read_memory_status(now)
        self.stdout.write("\n".join([status.summary or "Nothing is held back.", *status.sentences]))
        self.stdout.write(f"Journal: {status.journal}.")
        if action == "release" and release(now, "manage.py recovery"):
            self.stdout.write("Released: sending goes on.")
