"""XLSX files as Excel and other programs write them, also broken ones. Written by hand: no library makes these."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLES = f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'


class Raw(str):
    """A cell as XML without its reference: `<c t="e"><v>#N/A</v></c>`."""


def workbook(rows: Iterable[Sequence[Any]], *, merged: str = "", name: str = "People") -> bytes:
    """Return an XLSX file with one sheet."""
    return workbook_of_sheets([(name, rows, merged)])


def workbook_of_xml(rows: str) -> bytes:
    """Return an XLSX file whose one sheet has these `<row>` elements."""
    return workbook_of_sheets([("People", [Raw(rows)], "")])


def workbook_of_sheets(sheets: Sequence[tuple[str, Iterable[Sequence[Any]], str]]) -> bytes:
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{place}" r:id="rId{place}"/>'
        for place, (name, _, _) in enumerate(sheets, start=1)
    )
    relations = "".join(
        f'<Relationship Id="rId{place}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{place}.xml"/>'
        for place in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>',
        "xl/styles.xml": _STYLES,
    }
    for place, (_, rows, merged) in enumerate(sheets, start=1):
        merges = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
        parts[f"xl/worksheets/sheet{place}.xml"] = (
            f"<worksheet {_MAIN}><sheetData>{_rows(rows)}</sheetData>{merges}</worksheet>"
        )
    return archive(parts)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def _rows(rows: Iterable[Sequence[Any]]) -> str:
    written: list[str] = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, Raw):
            written.append(row)
            continue
        cells = "".join(_cell(f"{_letters(place)}{number}", value) for place, value in enumerate(row))
        written.append(f'<row r="{number}">{cells}</row>')
    return "".join(written)


def _cell(reference: str, value: Any) -> str:
    if isinstance(value, Raw):
        return value.replace("<c", f'<c r="{reference}"', 1)
    if isinstance(value, date):
        return f'<c r="{reference}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value}</v></c>'
    if not value:
        return f'<c r="{reference}" s="0"/>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _letters(place: int) -> str:
    return (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)
