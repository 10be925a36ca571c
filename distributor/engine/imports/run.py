"""What workers do for imports when they are woken."""

from collections.abc import Callable
from datetime import datetime

from distributor.engine.imports.read import read_next
from distributor.engine.imports.write import write_next
from distributor.engine.infrastructure.chunked_job import run_time_slice
from distributor.models import FileImport


def has_due_imports(now: datetime) -> bool:
    """Return whether any import waits to be read or written."""
    return FileImport.objects.filter(is_running=True, due_at__lte=now).exists()


def run_due_imports(clock: Callable[[], datetime]) -> bool:
    """Read a file, or write pieces for one time slice. Return whether there may be more to do."""
    return read_next(clock) or run_time_slice(write_next, clock)
