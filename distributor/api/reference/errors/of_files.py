"""Codes of faults of uploaded files, their columns and their rows."""

from collections.abc import Mapping
from typing import Final

from distributor.api.reference.errors.entry import Entry

_AS_TEXT: Final = "Format the column as text in the spreadsheet program, and enter the value again."
_DIVIDE: Final = "Divide the file. `detail` has the limit."

CODES: Final[Mapping[str, Entry]] = {
    # The upload
    "unknown_part": Entry("The form has a part that nothing reads.", "Use the parts `file` and `options`."),
    "option_outside_form": Entry("A form came with an option in the query.", "Give it in the part `options`."),
    "invalid_form": Entry("The form cannot be read.", "Send multipart/form-data, with its boundary in `Content-Type`."),
    "unknown_field": Entry("The mapping names no field of contacts.", "`detail` lists the fields."),
    "list_with_send": Entry("An import with a send makes a list of its own.", "Leave out `listId` or `send`."),
    # The file
    "empty_file": Entry("The file has no rows.", "Write the names of the columns into the first row, then people."),
    "not_text": Entry("The file is neither text nor a workbook.", "Save it as CSV in UTF-8 or as XLSX."),
    "not_a_table": Entry("The file is not a table.", "Save it as CSV in UTF-8 or as XLSX."),
    "old_excel": Entry("The file is a workbook of Excel 97–2003.", "Save it as XLSX."),
    "binary_workbook": Entry("The file is a binary workbook (XLSB).", "Save it as XLSX."),
    "encrypted": Entry("The workbook has a password.", "Save it without one."),
    "broken_file": Entry("The workbook is damaged.", "Open it in a spreadsheet program and save it again."),
    "merged_cells": Entry("Cells are merged.", "Unmerge those that `detail` names, so that each row has its values."),
    "quote_not_closed": Entry("A quotation mark is not closed.", "Close it in the row that `detail` names or before."),
    "stray_quote": Entry("A quotation mark stands within a value.", "Double it, and quote the whole value."),
    "cell_too_long": Entry("A cell is too long to be read.", "Shorten it to 10,000 characters."),
    "file_too_large": Entry("The file is too large.", _DIVIDE),
    "unpacks_too_large": Entry("The workbook is too large when it is unpacked.", _DIVIDE),
    "too_many_cells": Entry("The sheet has too many cells.", "Delete empty columns and rows between, or divide it."),
    "too_many_rows": Entry("The file has too many rows.", _DIVIDE),
    "too_many_columns": Entry("There are too many columns.", "Leave columns out. `detail` has the limit."),
    "too_many_lost_values": Entry("Many formulas have no stored value.", "Open the workbook in Excel and save it."),
    # Its columns
    "no_header": Entry("The first row is a person.", "Name the columns in the first row."),
    "no_key_column": Entry(
        "No column identifies people.", "Add an e-mail address, phone number or external id, or map a column to one."
    ),
    "column_not_found": Entry("The mapping names a column that the file does not have.", "Check its spelling."),
    "column_twice": Entry("Two columns have the same name.", "Rename one of them."),
    "field_twice": Entry("Two columns mean the same field.", "Map one of them to another field, or to null."),
    "column_without_name": Entry("A column without a name cannot become data.", "Name it, or leave it out."),
    "column_name_too_long": Entry("The name of a column is too long.", "Shorten it to 255 characters."),
    "too_many_data_columns": Entry("Too many columns are embedded data.", "Map some to null. `detail` has the limit."),
    # Its rows
    "no_key": Entry("Nothing identifies the person.", "Give an e-mail address, phone number or external id."),
    "decimal_tail": Entry("A number has decimals where an id or a phone number belongs.", _AS_TEXT),
    "digits_lost": Entry("A long number was rounded, such as 4.86E+10.", _AS_TEXT),
    "formula_without_value": Entry("A formula has no stored value.", "Open the workbook in Excel and save it."),
    "formula_error": Entry("A formula has an error.", "Correct the formula."),
    "line_break": Entry("A text of one line has a line break.", "Remove the line break."),
    # The import
    "rows_have_faults": Entry(
        "Rows have faults, and the import was to refuse them.", "Correct the rows, or import with `onFault: skip`."
    ),
    "list_deleted": Entry("The list was deleted during the import.", "Import the file onto another list."),
    "row_too_long": Entry("The row has more values than there are columns.", "Quote values that have the separator."),
    "later_rows_have_faults": Entry(
        "Rows have faults that only stored contacts show. Rows before them may be imported.",
        "Correct the rows that the file of errors has, and import the file again.",
    ),
    "failed_again_and_again": Entry("The import failed again and again.", "Its cause is in the server's log."),
    "send_refused": Entry("The send of the import was refused.", "Correct what `detail` names, and import again."),
}
