"""The file of an export, made while it is read of the rows that the engine has stored (decision 59)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final

import orjson

from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.responses.exports.table import ResponseTable, TableStyle
from distributor.api.dialects.distributions_v3.responses.values import Shown, ValueNames, name_values, render_response
from distributor.api.dialects.distributions_v3.surveys.questions import Question, questions_of
from distributor.engine.exports.download import read_file
from distributor.models import Export, Survey
from distributor.rules.timing.time_zones import zone_named
from tables.writing.zip_file import zip_one_file

_ZIP: Final = "application/zip"
_UNSAFE: Final = re.compile(r"[^\w .()-]+")


def content_type_of(export: Export) -> str:
    """Return `application/zip`, or `application/csv` and so on, as published."""
    rendering = export.rendering
    return _ZIP if rendering["compress"] else f"application/{rendering['format']}"


def file_name_of(export: Export, survey: Survey) -> str:
    """Return the name of the file that is read: `Your stay.zip`, or `Your stay.csv`."""
    return f"{_stem(survey)}.{'zip' if export.rendering['compress'] else export.rendering['format']}"


def write_file(export: Export, survey: Survey) -> Iterator[bytes]:
    """Yield the file. Raises FileGoneError while it is read, if it was deleted."""
    pieces = _write_content(export, survey)
    if not export.rendering["compress"]:
        return pieces
    name = f"{_stem(survey)}.{export.rendering['format']}"
    return zip_one_file(name, export.created_at, pieces, export.byte_count)


def _write_content(export: Export, survey: Survey) -> Iterator[bytes]:
    rendering, questions, keys = export.rendering, questions_of(survey), export.data_keys
    names = name_values(questions, keys.get("answers", ()), keys.get("embeddedData", ()))
    shown = Shown(*(_set_of(rendering[name]) for name in ("surveyMetadataIds", "questionIds", "embeddedDataIds")))
    zone = zone_named(rendering["timeZone"])
    if rendering["format"] in ("csv", "tsv"):
        style = TableStyle(
            delimiter="," if rendering["format"] == "csv" else "\t",
            zone=zone,
            has_labels=rendering["useLabels"],
            newline_replacement=rendering["newlineReplacement"],
            has_decimal_comma=rendering["formatDecimalAsComma"],
        )
        yield from _write_table(export, ResponseTable(questions, names, shown, style))
    else:
        elements = _elements(export, questions, names, zone, shown)
        yield from _write_lines(elements) if rendering["format"] == "ndjson" else _write_document(elements)


def _write_table(export: Export, table: ResponseTable) -> Iterator[bytes]:
    yield table.write_heads()
    for rows in _pages(export):
        yield table.write_rows(rows)


def _write_lines(pages: Iterable[list[bytes]]) -> Iterator[bytes]:
    for elements in pages:
        yield b"".join(element + b"\n" for element in elements)


def _write_document(pages: Iterable[list[bytes]]) -> Iterator[bytes]:
    separator = b'{"responses":['
    for elements in pages:
        if elements:
            yield separator + b",".join(elements)
            separator = b","
    yield b"]}" if separator == b"," else separator + b"]}"


def _elements(
    export: Export, questions: list[Question], names: ValueNames, zone: tzinfo, shown: Shown
) -> Iterator[list[bytes]]:
    for rows in _pages(export):
        yield [_to_json(render_response(row, questions, names, zone, shown)) for row in rows]


def _pages(export: Export) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the stored rows, a part of the file at a time: up to 2,000."""
    for piece in read_file(export):
        yield [json.loads(line) for line in piece.splitlines()]  # orjson would round whole numbers beyond 64 bits


def _to_json(element: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(element)
    except TypeError:  # a whole number beyond 64 bits
        return json.dumps(element, ensure_ascii=False).encode("utf-8", "replace")


def _set_of(ids: list[str] | None) -> frozenset[str] | None:
    return None if ids is None else frozenset(ids)


def _stem(survey: Survey) -> str:
    """Return the survey's name without what file systems refuse."""
    return _UNSAFE.sub("_", survey.name).strip(" ._") or public_id(Kind.SURVEY, survey.pk)
