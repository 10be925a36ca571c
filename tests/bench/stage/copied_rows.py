"""Rows for PostgreSQL's COPY, used to fill the tables and as the floor under every way to insert."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db.models import NOT_PROVIDED, DateTimeField, Field, Model

from contacts.ids import new_id
from contacts.models import Contact
from distributor.models import Recipient
from distributor.rules.link_codes import mint_codes
from tests.bench.stage.contact_supply import person


class CopyLayout:
    """A table's columns for COPY: first those that vary, then those with the model's defaults.

    Columns that PostgreSQL fills in itself are left out.
    """

    def __init__(self, model: type[Model], varying: Sequence[str]) -> None:
        constant = [
            field
            for field in model._meta.concrete_fields
            if field.column not in varying
            and field.get_internal_type() != "BigAutoField"
            and field.db_default is NOT_PROVIDED
        ]
        columns = [*varying, *(str(field.column) for field in constant)]
        self.statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
        self._rest = "".join(f"\t{_default_text(field)}" for field in constant) + "\n"

    def lines(self, rows: Iterable[Sequence[str]]) -> bytes:
        return "".join("\t".join(row) + self._rest for row in rows).encode()


def _default_text(field: "Field[Any, Any]") -> str:
    if isinstance(field, DateTimeField) and (field.auto_now or field.auto_now_add):
        return "now"
    value = field.get_default()
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return r"\N" if value is None else str(value)


CONTACT_ROWS = CopyLayout(
    Contact, ["id", "organization_id", "external_id", "email", "first_name", "last_name", "embedded_data"]
)
RECIPIENT_ROWS = CopyLayout(Recipient, ["distribution_id", "contact_id", "code", "batch_id", "attributes"])


def contact_lines(contact_ids: Sequence[UUID], numbers: Sequence[int], organization_id: UUID, year: int) -> bytes:
    organization = str(organization_id)
    people = (person(number, year) for number in numbers)
    return CONTACT_ROWS.lines(
        (
            str(contact_id),
            organization,
            each["externalId"],
            each["email"],
            each["firstName"],
            each["lastName"],
            orjson.dumps(each["embeddedData"]).decode(),
        )
        for contact_id, each in zip(contact_ids, people, strict=True)
    )


def recipient_lines(contact_ids: Sequence[UUID], numbers: Sequence[int], distribution_id: UUID, year: int) -> bytes:
    distribution, batch = str(distribution_id), str(new_id())
    return RECIPIENT_ROWS.lines(
        (distribution, str(contact_id), code, batch, orjson.dumps(person(number, year)["embeddedData"]).decode())
        for contact_id, number, code in zip(contact_ids, numbers, mint_codes(len(numbers)), strict=True)
    )
