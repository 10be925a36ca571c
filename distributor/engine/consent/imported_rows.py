"""What imports keep of a person who is erased: rows that wait to be written, and rows with faults."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

# A row with one of the words as a whole value. Files that nobody has explained yet are only deleted, by retention.
_PIECES: Final = """
UPDATE distributor_importpiece piece SET rows = (
    SELECT coalesce(jsonb_agg(waiting.row ORDER BY waiting.place), '[]'::jsonb)
    FROM jsonb_array_elements(piece.rows) WITH ORDINALITY AS waiting(row, place)
    WHERE NOT EXISTS (SELECT FROM jsonb_each_text(waiting.row -> 1) AS field WHERE lower(field.value) = ANY(%(words)s))
)
FROM distributor_fileimport i
WHERE i.id = piece.file_import_id AND i.organization_id = %(organization_id)s AND EXISTS (
    SELECT FROM jsonb_array_elements(piece.rows) AS waiting(row), jsonb_each_text(waiting.row -> 1) AS field
    WHERE lower(field.value) = ANY(%(words)s)
)
"""
_FAULTS: Final = """
DELETE FROM distributor_importfault fault USING distributor_fileimport i
WHERE i.id = fault.file_import_id AND i.organization_id = %(organization_id)s AND EXISTS (
    SELECT FROM jsonb_array_elements_text(fault.cells) AS cell, regexp_replace(cell, '[^0-9]', '', 'g') AS digits
    WHERE lower(btrim(cell)) = ANY(%(words)s)
        OR length(digits) > 6 AND EXISTS (
            SELECT FROM unnest(%(numbers)s::text[]) AS number WHERE number LIKE '%%' || digits
        )
)
"""


def forget_imported(organization_id: UUID, words: Sequence[str]) -> None:
    """Forget the rows of a person. `words` are the addresses and the external id that name them.

    Rows with faults have numbers as they were written, with blanks or without a country code.
    """
    parameters: dict[str, Any] = {
        "organization_id": organization_id,
        "words": [word.lower() for word in words if word],
        "numbers": [word.removeprefix("+") for word in words if word.startswith("+")],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PIECES, parameters)
        cursor.execute(_FAULTS, parameters)
