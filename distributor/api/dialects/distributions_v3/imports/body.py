"""Read the contacts of an import, each by itself: one with a fault is counted, and the others are written."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, cast

from pydantic import Field, ValidationError
from pydantic_core import to_json
from rest_framework.request import Request

from contacts.contact_fields import ContactFields
from contacts.models import Organization
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.bodies.fields import EmbeddedData, Line255
from distributor.api.bodies.validation import faults_of
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.lists.contact_bodies import NO_IDENTIFIER, NO_PHONE_PLACE
from distributor.api.dialects.distributions_v3.lists.contact_shapes import MailingListContactBody
from distributor.api.request_body import json_body
from distributor.api.wire import Body
from distributor.engine.imports.checked import CheckedPeople
from distributor.engine.imports.faults import SHOWN_VALUE, RowFault

MAX_CONTACTS: Final = 10_000
MAX_WARNINGS: Final = 100
MAX_ROW_FAULTS: Final = 10
_MAX_CELL: Final = 1_000
# The fields of contacts by the names of the cells that are kept of rows with faults.
COLUMNS: Final = {
    "email": "email",
    "phone": "phone",
    "extRef": "external_id",
    "firstName": "first_name",
    "lastName": "last_name",
    "language": "locale",
}
_LEFT_OUT: Final = "Left out: transactions are not kept here. Put the data into embeddedData."
_NO_BATCH: Final = Fault("/transactionMeta/batchId", "transactions_not_kept", "There are no transaction batches here.")


class ImportedContact(MailingListContactBody):
    """A contact to import. It is found by extRef, else by email, else by phone, and created or merged."""

    transaction_data: EmbeddedData | None = Field(
        None,
        description="Left out, and told in `meta.warnings`: transactions are not kept here. Use `embeddedData`.",
        examples=[{}],
    )

    def columns(self) -> Mapping[str, Any]:
        return {name: value for name, value in super().columns().items() if name != "transaction_data"}


class TransactionMeta(Body):
    """How the transactions of an import are kept. They are not kept here."""

    batch_id: str | None = Field(None, description="Leave it out: 400 otherwise.", examples=[None])
    fields: list[Line255] | None = Field(None, description="Ignored.", examples=[[]])


class ContactImportBody(Body):
    """Contacts to put on the list."""

    contacts: Annotated[list[ImportedContact], Field(min_length=1, max_length=MAX_CONTACTS)] = Field(
        description="The contacts. One with a fault is not imported, and counted as failed."
    )
    transaction_meta: TransactionMeta | None = Field(None, description="Leave it out.")


class _Shell(ContactImportBody):
    """The body with contacts of any shape, which are validated one by one."""

    contacts: Annotated[list[Any], Field(min_length=1, max_length=MAX_CONTACTS)]


def read_import(request: Request, organization: Organization) -> tuple[CheckedPeople, Sequence[Fault]]:
    """Return the contacts of a body, and what is left out of them. Raises a 400 Problem if the body is no list."""
    content = json_body(request)
    shell, _keys = read_body(_Shell, content, organization, {})
    if shell.transaction_meta is not None and shell.transaction_meta.batch_id:
        raise invalid_request([_NO_BATCH])
    reader = _Reader(organization.phone_region)
    for number, given in enumerate(shell.contacts, 1):
        reader.read(number, given)
    checked = CheckedPeople(
        COLUMNS,
        reader.people,
        frozenset(reader.opting_out),
        reader.faulty,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return checked, reader.warnings[:MAX_WARNINGS]


class _Reader:
    """Collects people and the faults of rows. `phone_region` is the country of numbers without a country code."""

    def __init__(self, phone_region: str) -> None:
        self._validate = partial(ImportedContact.model_validate_json, context={"phone_region": phone_region})
        self.people: dict[int, ContactFields] = {}
        self.opting_out: set[int] = set()
        self.faulty: dict[int, tuple[Sequence[str], Sequence[RowFault]]] = {}
        self.warnings: list[Fault] = []

    def read(self, number: int, given: Any) -> None:
        contact, faults = self._parse(given)
        is_only_phone = all((fault.pointer, fault.code) == NO_PHONE_PLACE for fault in faults)
        if faults and is_only_phone and (given.get("email") or given.get("extRef")):
            # Exports write N/A and the like where there is no phone.
            contact, others = self._parse({name: value for name, value in given.items() if name != "phone"})
            if contact is not None and not others:
                self._warn(f"/{number - 1}/phone", "invalid_phone", f"Left out. {faults[0].detail}")
                faults = []
        if contact is None or faults:
            self.faulty[number] = _cells(given), [_row_fault(fault, given) for fault in faults[:MAX_ROW_FAULTS]]
            return
        self.people[number] = cast(ContactFields, dict(contact.columns()))
        if contact.unsubscribed:
            self.opting_out.add(number)
        if contact.transaction_data:
            self._warn(f"/{number - 1}/transactionData", "transactions_not_kept", _LEFT_OUT)

    def _parse(self, given: Any) -> tuple[ImportedContact | None, list[Fault]]:
        content = to_json(given, inf_nan_mode="constants")
        try:
            contact = self._validate(content)
        except ValidationError as error:
            return None, faults_of(error, content, self._validate)
        return contact, [] if contact.ext_ref or contact.email or contact.phone else [NO_IDENTIFIER]

    def _warn(self, place: str, code: str, detail: str) -> None:
        self.warnings.append(Fault(f"/contacts{place}", code, detail))


def _cells(given: Any) -> list[str]:
    texts = given if isinstance(given, dict) else {}
    return [_text(texts.get(name)) for name in COLUMNS]


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_MAX_CELL].replace("\0", "\ufffd")


def _row_fault(fault: Fault, given: Any) -> RowFault:
    name = fault.pointer.split("/")[1] if fault.pointer else ""
    value = _text(given.get(name))[:SHOWN_VALUE] if isinstance(given, dict) and name in COLUMNS else ""
    return RowFault(
        name if name in COLUMNS else "", fault.code, value, {"detail": fault.detail.replace("\0", "\ufffd")}
    )
