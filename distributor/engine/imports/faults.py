"""What may be wrong with a file or a row, by a stable code, and the sentence of each code.

Sentences are translated where they are shown: only codes and values are stored.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_noop as _

SHOWN_VALUE: Final = 80

SENTENCES: Final[Mapping[str, str]] = {
    # The file (tables/reading)
    "empty_file": _("The file has no rows."),
    "not_text": _("The file is neither text nor a workbook. Save it as CSV in UTF-8 or as XLSX."),
    "not_a_table": _("The file is not a table. Save it as CSV in UTF-8 or as XLSX."),
    "old_excel": _("This is a workbook of Excel 97–2003. Save it as XLSX."),
    "binary_workbook": _("This is a binary workbook (XLSB). Save it as XLSX."),
    "encrypted": _("The workbook has a password. Save it without one."),
    "broken_file": _("The workbook is damaged. Open it in a spreadsheet program and save it again."),
    "merged_cells": _("Cells are merged: %(cells)s. Unmerge them, so that each row has its own values."),
    "quote_not_closed": _("A quotation mark is not closed, in row %(row)s or before."),
    "stray_quote": _("Row %(row)s (line %(line)s) has a quotation mark within a value. Double it: \"\"."),
    "cell_too_long": _("A cell is too long to be read: at most 10,000 characters."),
    "file_too_large": _("The file is too large: at most %(limit)s MB."),
    "unpacks_too_large": _("The workbook is too large when it is unpacked: at most %(limit)s MB."),
    "too_many_cells": _("The sheet is too large: at most %(limit)s cells, empty ones between included."),
    "too_many_rows": _("The file has too many rows: at most %(limit)s."),
    "too_many_columns": _("The file has too many columns: at most %(limit)s."),
    "too_many_lost_values": _("The workbook has more than %(limit)s formulas without a value. Save it in Excel first."),
    # The columns
    "no_header": _("The first row is a person. Name the columns in the first row."),
    "no_key_column": _("No column is an e-mail address, a phone number or an external id."),
    "column_not_found": _("The file has no column “%(column)s”."),
    "column_twice": _("The column “%(column)s” is there twice."),
    "field_twice": _("The columns “%(other)s” and “%(column)s” mean the same field."),
    "column_without_name": _("Column %(number)s has no name, so it cannot become data."),
    "column_name_too_long": _("The name of column %(number)s is too long: at most 255 characters."),
    "too_many_data_columns": _("Too many columns of data: at most %(limit)s."),
    # A row
    "no_key": _("Needs an e-mail address, a phone number or an external id."),
    "row_too_long": _("Has more values than there are columns."),
    "invalid_email": _("“%(value)s” is not an e-mail address."),
    "invalid_phone": _("Not a phone number. Use E.164, for example +48601234567."),
    "decimal_tail": _("“%(value)s” is a number with decimals. Format the column as text and enter it again."),
    "digits_lost": _("“%(value)s” is a rounded number: digits are lost. Format the column as text and enter it again."),
    "formula_without_value": _("A formula without a stored value. Save the workbook in Excel first."),
    "formula_error": _("A formula with an error."),
    "invalid_locale": _("“%(value)s” is not a language. Use BCP 47, for example pl or pt-BR."),
    "invalid_time_zone": _("“%(value)s” is not a time zone. Use an IANA name, for example Europe/Warsaw."),
    "too_long": _("Too long: at most %(limit)s characters."),
    "line_break": _("Line breaks are not allowed here."),
    "nul_character": _("NUL characters are not allowed."),
    "too_many_keys": _("The contact would have more than %(limit)s keys of embedded data."),
    # The import
    "rows_have_faults": _("Some rows have faults, so nothing was imported."),
    "later_rows_have_faults": _("Rows have faults that only stored contacts show. Rows before them may be imported."),
    "failed_again_and_again": _("The import failed again and again. Its cause is in the log."),
    "list_deleted": _("The list has been deleted."),
    "send_refused": _("The send was refused: %(reasons)s. Contacts of earlier rows may be imported."),
}  # fmt: skip


def sentence_of(code: str, values: Mapping[str, Any]) -> str:
    """Return the sentence of a code, in the language of whoever looks. A `detail` among the values takes its place."""
    if detail := values.get("detail"):
        return translate(str(detail))
    template = SENTENCES.get(code, code)
    try:
        return translate(template) % values
    except (KeyError, ValueError, TypeError):
        return translate(template)


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with a file as a whole, or with its columns."""

    code: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return sentence_of(self.code, self.values)


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one cell, or with the whole row (column ""). `value` has at most 80 characters of the cell."""

    column: str
    code: str
    value: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return sentence_of(self.code, {**self.values, "value": self.value})

    def as_stored(self) -> dict[str, Any]:
        return asdict(self)
