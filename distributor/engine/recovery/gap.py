"""Compare the journal with the database: which journalled hand-overs does it not know?

Hand-overs are committed before they are journalled, so an unknown one means that the database was set back. A restore
forgets everything after one moment. Therefore the last line of each file is enough to notice it.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.journal.files import find_files, read_last_line, read_lines
from distributor.engine.journal.lines import JournalLine, decode_line
from distributor.engine.recovery.erasures import has_forgotten_erasures
from distributor.engine.recovery.noes import has_forgotten_noes

CHUNK_SIZE = 1_000


class ForgottenLine(NamedTuple):
    """Where a line stands whose hand-over the database does not know."""

    line: JournalLine
    path: Path
    offset: int


def has_gap(folder: Path, installation: str) -> bool:
    """Return whether the database has forgotten the last hand-over, no or erasure of any process."""
    last_lines = [line for path in find_files(folder) if (line := read_last_line(path, decode_line)) is not None]
    own = {line.handover_id for line in last_lines if line.installation == installation}
    return bool(unknown_handovers(own)) or has_forgotten_words(folder, installation)


def has_forgotten_words(folder: Path, installation: str) -> bool:
    """Return whether the database has forgotten what people said, or that they were erased."""
    return has_forgotten_noes(folder, installation) or has_forgotten_erasures(folder, installation)


def find_forgotten(folder: Path, installation: str) -> Iterator[ForgottenLine]:
    """Yield all lines whose hand-over the database does not know, file by file."""
    for chunk in _chunks(_own_lines(folder, installation)):
        unknown = unknown_handovers({forgotten.line.handover_id for forgotten in chunk})
        yield from (forgotten for forgotten in chunk if forgotten.line.handover_id in unknown)


def unknown_handovers(handover_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these hand-overs the database does not know."""
    if not handover_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given.id FROM unnest(%s::uuid[]) AS given(id)"
            " WHERE NOT EXISTS (SELECT FROM distributor_handover h WHERE h.id = given.id)",
            [array_of(handover_ids)],
        )
        return {handover_id for (handover_id,) in cursor.fetchall()}


def _own_lines(folder: Path, installation: str) -> Iterator[ForgottenLine]:
    for path in find_files(folder):
        for offset, line in read_lines(path, decode_line):
            if line.installation == installation:
                yield ForgottenLine(line, path, offset)


def _chunks(lines: Iterable[ForgottenLine]) -> Iterator[list[ForgottenLine]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, CHUNK_SIZE)):
        yield chunk
