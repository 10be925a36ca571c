"""Reading the file of an export that is ready: part by part, so that it never stands in memory as a whole."""

from collections.abc import Iterator, Mapping
from typing import Final

from distributor.models import Export, ExportPart
from distributor.models.export import ExportFormat
from tables.writing.deflated import inflate, join_as_gzip

CONTENT_TYPES: Final[Mapping[str, str]] = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.NDJSON: "application/x-ndjson",
}


class FileGoneError(Exception):
    """The file was deleted while it was read: the person who reads it must notice that it is not whole."""


def is_compressed(export: Export) -> bool:
    """Return whether the parts are stored compressed. An XLSX file is compressed by itself."""
    return export.format != ExportFormat.XLSX


def read_file(export: Export) -> Iterator[bytes]:
    """Yield the file as it is. Raises FileGoneError."""
    return inflate(_read_parts(export)) if is_compressed(export) else _read_parts(export)


def read_gzip_file(export: Export) -> Iterator[bytes]:
    """Yield the file as gzip, which costs nothing: so it is stored. Only if is_compressed()."""
    return join_as_gzip(_read_parts(export), export.checksum, export.byte_count)


def _read_parts(export: Export) -> Iterator[bytes]:
    """Yield the parts, each by a query of its own, so that none is open long."""
    contents = ExportPart.objects.filter(export_id=export.pk).values_list("content", flat=True)
    for number in range(export.part_count):
        content = contents.filter(number=number).first()
        if content is None:
            raise FileGoneError
        yield bytes(content)
