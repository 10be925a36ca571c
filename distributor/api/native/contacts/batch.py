"""Create or update up to 1,000 contacts in a call, with a result for each."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field, ValidationError
from pydantic_core import to_json
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.contact_changes import SavedContact, save_contacts
from contacts.identity import TooManyDataKeysError
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, FaultDocument, invalid_request
from distributor.api.bodies.reference_faults import data_faults, is_given, objects_in
from distributor.api.bodies.validation import faults_of, parse_body, parse_object
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import idempotent
from distributor.api.native.contacts.wire import ContactBody
from distributor.api.native.operations import CONTACTS, ERRORS_OF_SENDING
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.api.wire import Body, Document
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.transactions import retry_contact_collisions

MAX_CONTACTS: Final = 1_000
MAX_ROW_FAULTS: Final = 10
_NO_IDENTIFIER: Final = ("no_identifier", "A contact needs an externalId or an email.")


class ContactBatchBody(Body):
    """Contacts to create or update."""

    contacts: Annotated[list[ContactBody], Field(min_length=1, max_length=MAX_CONTACTS)] = Field(
        description="The contacts, each as in `POST /contacts`."
    )
    atomic: bool = Field(
        False,
        description="true: if a contact has a fault, nothing is written and the call is 400. false: every other "
        "contact is written.",
        examples=[True],
    )


class _Shell(Body):
    """The body with contacts of any shape, which are validated one by one."""

    contacts: Annotated[list[Any], Field(min_length=1, max_length=MAX_CONTACTS)]
    atomic: bool = False


class ContactResult(Document):
    """What became of one contact."""

    id: UUID | None = Field(
        description="The contact's id; null if it was not written.", examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"]
    )
    result: Literal["created", "updated", "unchanged", "failed"] = Field(
        description="unchanged: the contact had all given values.", examples=["updated"]
    )
    errors: list[FaultDocument] = Field(
        description=f"For failed: what is wrong with it, at most {MAX_ROW_FAULTS} faults. Otherwise empty."
    )


class ContactBatchAnswer(Document):
    """What became of the contacts."""

    created: int = Field(description="How many contacts were created.", examples=[2])
    updated: int = Field(description="How many were changed.", examples=[1])
    unchanged: int = Field(description="How many had all given values.", examples=[0])
    failed: int = Field(description="How many have a fault and were not written.", examples=[1])
    results: list[ContactResult] = Field(description="The result of each contact, in the order given.")


class ContactBatch(NativeView):
    """Creates and updates many contacts."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="saveContacts",
        summary="Create or update up to 1,000 contacts",
        tags=CONTACTS,
        request=ContactBatchBody,
        responses={200: ContactBatchAnswer} | ERRORS_OF_SENDING,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create each contact, or merge into the contact with its externalId, otherwise its email.

        Every contact is judged on its own: one with a fault is `failed`, and the others are written. With `atomic` all
        are written or none. A contact that is given twice is written once; later values win, and both places have the
        same result. null and empty texts count as not given. Repeating the call changes nothing more.
        """
        organization, content = caller_key(request).organization, json_body(request)
        given = parse_object(content)
        faults: dict[int, list[Fault]] = {}
        if given.get("atomic") is True:
            body = parse_body(ContactBatchBody, content, _identifier_faults, phone_region=organization.phone_region)
            rows = dict(enumerate(body.contacts))
        else:
            shell = parse_body(_Shell, content)
            rows, faults = _read_rows(shell.contacts, organization.phone_region)
        saved = _save(organization, rows, faults, given, is_atomic=given.get("atomic") is True)
        places = range(len(rows) + len(faults.keys() - rows.keys()))
        return Response(_answer([_result(saved.get(place), faults.get(place, [])) for place in places]))


def _read_rows(given: list[Any], phone_region: str) -> tuple[dict[int, ContactBody], dict[int, list[Fault]]]:
    """Return the contacts that can be written, and the faults of the others, by their places."""
    rows, faults = {}, {}
    for place, contact in enumerate(given):
        content = to_json(contact, inf_nan_mode="constants")
        validate = partial(ContactBody.model_validate_json, context={"phone_region": phone_region})
        try:
            row = validate(content)
        except ValidationError as error:
            found = faults_of(error, content, validate)
            faults[place] = [Fault(f"/contacts/{place}{each.pointer}", each.code, each.detail) for each in found]
            continue
        if row.external_id or row.email:
            rows[place] = row
        else:
            faults[place] = [Fault(f"/contacts/{place}", *_NO_IDENTIFIER)]
    return rows, faults


def _save(
    organization: Organization,
    rows: dict[int, ContactBody],
    faults: dict[int, list[Fault]],
    given: dict[str, Any],
    *,
    is_atomic: bool,
) -> dict[int, SavedContact]:
    """Write the rows, without those whose data would have too many keys after merging: they are added to `faults`."""
    places = list(rows)
    while places:
        try:
            saved = _save_together(organization, [rows[place].given_values() for place in places])
            return dict(zip(places, saved, strict=True))
        except TooManyDataKeysError as error:
            contacts = objects_in(given.get("contacts"), "/contacts", MAX_CONTACTS)
            of_data = [fault for fault in data_faults(error, contacts) if fault.pointer]
            if is_atomic or not of_data:
                raise invalid_request(of_data or data_faults(error, contacts)) from None
            for fault in of_data:
                faults[int(fault.pointer.split("/")[2])] = [fault]
            places = [place for place in places if place not in faults]
    return {}


@retry_contact_collisions
def _save_together(organization: Organization, columns: Sequence[Mapping[str, Any]]) -> list[SavedContact]:
    return save_contacts(organization.pk, columns, database_now())


def _result(saved: SavedContact | None, faults: list[Fault]) -> ContactResult:
    if saved is None:
        errors = [
            FaultDocument(pointer=fault.pointer, code=fault.code, detail=fault.detail)
            for fault in faults[:MAX_ROW_FAULTS]
        ]
        return ContactResult(id=None, result="failed", errors=errors)
    return ContactResult.model_validate({"id": saved.id, "result": saved.result, "errors": []})


def _answer(results: list[ContactResult]) -> dict[str, Any]:
    counts = Counter(result.result for result in results)
    return ContactBatchAnswer(
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        failed=counts["failed"],
        results=results,
    ).rendered()


def _identifier_faults(given: dict[str, Any]) -> Iterator[Fault]:
    for pointer, contact in objects_in(given.get("contacts"), "/contacts", MAX_CONTACTS):
        if not (is_given(contact.get("externalId")) or is_given(contact.get("email"))):
            yield Fault(pointer, *_NO_IDENTIFIER)
