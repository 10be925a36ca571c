"""What the columns of an uploaded file mean: proposed by their names, shown with the first rows, and chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.addresses import strip_unseen
from distributor.engine.imports.columns import DATA
from distributor.engine.imports.preview import Preview, preview_file
from distributor.engine.imports.stored_file import stored_file
from distributor.models import FileImport

LABELS: Final[Mapping[str, str | Promise]] = {
    "email": _("e-mail"),
    "phone": _("phone"),
    "external_id": _("external id"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "name": _("first and last name"),
    "title": _("title"),
    "locale": _("language"),
    "time_zone": _("time zone"),
    "data": _("data, for ${contact:…}"),
    "": _("leave out"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column with the name of its form's field, what it means, and its first values."""

    place: int
    name: str
    chosen: str
    values: Sequence[str]


def preview_of(row: FileImport, mapping: Mapping[str, str | None]) -> Preview:
    """Read the first rows of an uploaded file. Raises UnreadableFileError."""
    with stored_file(row.pk) as path:
        return preview_file(path, mapping, row.unknown_columns, row.organization.phone_region)


def columns_of(found: Preview) -> list[Column]:
    return [
        Column(
            place,
            name,
            "data" if target.startswith(DATA) else target,
            [row.cells[place] for row in found.rows if place < len(row.cells) and row.cells[place]][:3],
        )
        for place, (name, target) in enumerate(zip(found.table.header, found.targets, strict=True))
    ]


def mapping_given(header: Sequence[str], given: Mapping[str, str]) -> dict[str, str | None]:
    """Return the mapping that a form chose. A column that the form does not name is left out."""
    mapping: dict[str, str | None] = {}
    for place, name in enumerate(header):
        chosen = given.get(f"column_{place}", "")
        mapping[name] = DATA + strip_unseen(name) if chosen == "data" else (chosen if chosen in LABELS else "")
    return mapping
