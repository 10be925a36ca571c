"""The file of an import, in PostgreSQL in chunks of 1 MB: web and workers may be on different machines."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from distributor.models import ImportFileChunk

CHUNK_BYTES: Final = 1 << 20


def store_file(import_id: UUID, file: BinaryIO) -> None:
    """Store a file from its beginning, a chunk at a time. The caller's transaction has the import's row."""
    file.seek(0)
    number = 0
    while content := file.read(CHUNK_BYTES):
        ImportFileChunk.objects.create(file_import_id=import_id, number=number, content=content)
        number += 1


@contextmanager
def stored_file(import_id: UUID) -> Iterator[Path]:
    """Yield the path of a temporary copy on this machine's disk."""
    with tempfile.NamedTemporaryFile(prefix="distributor-import-", suffix=".xlsx") as copy:
        chunks = ImportFileChunk.objects.filter(file_import_id=import_id).order_by("number")
        for content in chunks.values_list("content", flat=True).iterator(chunk_size=4):
            copy.write(content)
        copy.flush()
        yield Path(copy.name)


def delete_file(import_id: UUID) -> None:
    ImportFileChunk.objects.filter(file_import_id=import_id).delete()
