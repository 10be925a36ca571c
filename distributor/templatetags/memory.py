"""The state of the database's memory, for the admin's front page."""

from django.template import Library

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import MemoryStatus, read_memory_status

register = Library()


@register.simple_tag
def memory_status() -> MemoryStatus:
    """Return whether the database recovers from a restore, and whether the journal is written."""
    return read_memory_status(database_now())
