"""Files to import, and workers that import them."""

import hashlib
import io
from typing import Any

from contacts.models import Organization
from distributor.engine.imports.run import run_due_imports
from distributor.engine.imports.start import ImportOptions, StoredUpload, start_import
from distributor.engine.infrastructure.clock import database_now
from distributor.models import FileImport


def upload_of(content: bytes, name: str = "people.csv") -> StoredUpload:
    return StoredUpload(io.BytesIO(content), len(content), hashlib.sha256(content).hexdigest(), name)


def begin_import(organization: Organization, content: bytes, name: str = "people.csv", **options: Any) -> FileImport:
    return start_import(organization, None, "test", upload_of(content, name), ImportOptions(**options), database_now())


def run_imports() -> None:
    """Do all that is due."""
    while run_due_imports(database_now):
        pass


def import_now(organization: Organization, content: bytes, name: str = "people.csv", **options: Any) -> FileImport:
    row = begin_import(organization, content, name, **options)
    run_imports()
    row.refresh_from_db()
    return row


def counts_of(row: FileImport) -> dict[str, int]:
    """The counts that are not 0."""
    names = ("row", "new", "updated", "skipped", "faulty")
    return {name: count for name in names if (count := getattr(row, f"{name}_count"))}
