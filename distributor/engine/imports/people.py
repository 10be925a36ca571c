"""Rows of a table as people."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from contacts.addresses import strip_unseen
from contacts.contact_fields import ContactFields
from distributor.engine.imports.columns import DATA, KEYS
from distributor.engine.imports.faults import SHOWN_VALUE, RowFault
from distributor.engine.imports.values import read_data, read_value
from tables.writing.values import unescape_formula


class PeopleReader:
    """Reads rows whose columns have these names and mean these fields. `region` is the country of short numbers."""

    def __init__(self, header: Sequence[str], targets: Sequence[str], region: str) -> None:
        self._columns = [
            (place, strip_unseen(name), target)
            for place, (name, target) in enumerate(zip(header, targets, strict=True))
            if target
        ]
        self._width = len(targets)
        self._region = region

    def read(self, cells: Sequence[str], lost: Mapping[int, str]) -> tuple[ContactFields, list[RowFault]]:
        """Return a person, and all faults of the row. `lost` has the codes of cells whose value was lost before."""
        faults: list[RowFault] = []
        person: dict[str, Any] = {}
        data: dict[str, str] = {}
        if len(cells) > self._width and any(map(strip_unseen, cells[self._width :])):
            faults.append(RowFault("", "row_too_long"))
        for place, name, target in self._columns:
            cell = unescape_formula(strip_unseen(cells[place])) if place < len(cells) else ""
            if place in lost:
                faults.append(RowFault(name, lost[place], cell[:SHOWN_VALUE]))
            elif cell:
                fault = _put(person, data, target, cell, self._region)
                if fault is not None:
                    faults.append(replace(fault, column=name))
        if data:
            person["embedded_data"] = data
        if not faults and not any(person.get(key) for key in KEYS):
            faults.append(RowFault("", "no_key"))
        return cast(ContactFields, person), faults


def _put(person: dict[str, Any], data: dict[str, str], target: str, cell: str, region: str) -> RowFault | None:
    if target.startswith(DATA):
        value, fault = read_data(cell)
        data[target.removeprefix(DATA)] = value
        return fault
    if target == "name":
        value, fault = read_value("first_name", cell, region)
        first, _, last = value.partition(" ")
        person |= {"first_name": first, "last_name": last.strip()}
        return fault
    value, fault = read_value(target, cell, region)
    if value:
        person[target] = value
    return fault
