"""An export as CSV and TSV: three rows of heads, then a row for each response."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

import orjson

from distributor.api.dialects.distributions_v3.responses.metadata import LABELS, METADATA, metadata_of
from distributor.api.dialects.distributions_v3.responses.values import Shown, ValueNames
from distributor.api.dialects.distributions_v3.surveys.questions import Question
from tables.writing.values import escape_formula, to_text

_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)?")
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How cells are written."""

    delimiter: str
    zone: tzinfo
    has_labels: bool
    newline_replacement: str | None
    has_decimal_comma: bool


@dataclass(frozen=True, slots=True)
class _Column:
    """`source` says where a row has the value: `metadata`, `answers` or `embeddedData`, by `key`."""

    source: str
    key: str
    name: str
    text: str
    import_id: str


class ResponseTable:
    """The columns of an export, and its rows as bytes."""

    def __init__(self, questions: Sequence[Question], names: ValueNames, shown: Shown, style: TableStyle) -> None:
        self._columns = list(_columns(questions, names, shown))
        self._style = style

    def write_heads(self) -> bytes:
        """Return the names, the texts, and the ids as JSON: `{"ImportId":"QID1"}`."""
        columns = self._columns
        return self._lines(
            [
                [escape_formula(column.name) for column in columns],
                [self._text(column.text) for column in columns],
                [orjson.dumps({"ImportId": column.import_id}).decode() for column in columns],
            ]
        )

    def write_rows(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        """Return a line for each row of the engine's export."""
        return self._lines(map(self._cells, rows))

    def _cells(self, row: Mapping[str, Any]) -> list[str]:
        values: Mapping[str, Mapping[str, Any]] = {
            "metadata": {**metadata_of(row), **(LABELS if self._style.has_labels else {})},
            "answers": row["answers"],
            "embeddedData": row["embeddedData"],
        }
        return [self._cell(values[column.source].get(column.key)) for column in self._columns]

    def _cell(self, value: Any) -> str:
        if isinstance(value, datetime):
            return value.astimezone(self._style.zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, float) and self._style.has_decimal_comma:
            return str(value).replace(".", ",")
        if isinstance(value, int | float):
            return to_text(value, self._style.zone)
        return self._text(to_text(value, self._style.zone))

    def _text(self, text: str) -> str:
        """Return a text that no spreadsheet takes for a formula. A text that is a number is read as one, and stays."""
        if self._style.newline_replacement is not None:
            text = _LINE_BREAK.sub(lambda _: self._style.newline_replacement or "", text)
        return text if _NUMBER.fullmatch(text) else escape_formula(text)

    def _lines(self, rows: Iterable[Sequence[str]]) -> bytes:
        file = io.StringIO(newline="")
        csv.writer(file, delimiter=self._style.delimiter, lineterminator="\n").writerows(rows)
        return file.getvalue().encode("utf-8", "replace")


def _columns(questions: Sequence[Question], names: ValueNames, shown: Shown) -> Iterator[_Column]:
    for metadata in METADATA:
        if shown.has_metadata(metadata.id):
            yield _Column("metadata", metadata.id, metadata.name, metadata.text, metadata.id)
    known = {question.answer_key: question for question in questions}
    for key, name in names.answers.items():
        if shown.has_answer(name):
            question = known.get(key)
            tag, text = (question.tag, question.text) if question else (name, name)
            yield _Column("answers", key, tag, text, name)
    for key, name in names.data.items():
        if shown.has_data(key):
            yield _Column("embeddedData", key, name, name, name)
