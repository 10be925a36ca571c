"""Contacts of a list from before directories: read from a body, written, and read with their histories."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from pydantic import RootModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from contacts.contact_changes import save_contacts
from contacts.list_members import change_members, lock_list
from contacts.models import Contact, MailingList, Organization
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.bodies.fields import Phone
from distributor.api.dialects.distributions_v3.faults import parse_json, read_body
from distributor.api.dialects.distributions_v3.legacy.shapes import (
    MAX_CONTACTS,
    MAX_HISTORY,
    LegacyContactBody,
    LegacyContactsBody,
    render_contact,
)
from distributor.api.dialects.distributions_v3.lists.contact_bodies import SOURCE
from distributor.engine.consent.opt_out import opt_out_many
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.models import Recipient, Response

_PHONE: Final[TypeAdapter[str]] = TypeAdapter(Phone)
_NO_IDENTIFIER: Final = ("no_identifier", "A contact needs an externalDataReference, email or phone.")


class OneOrMany(RootModel[LegacyContactBody | LegacyContactsBody]):
    """One contact, or several."""


class GivenContacts(NamedTuple):
    """The contacts of a body, whether it may have several, and what was left out of them."""

    bodies: Sequence[LegacyContactBody]
    is_many: bool
    warnings: Sequence[Fault]


def read_contacts(organization: Organization, content: bytes) -> GivenContacts:
    """Return the contacts of a body. Raises a 400 Problem with every fault."""
    given = parse_json(content)
    region = organization.phone_region
    is_many = isinstance(given, dict) and "contacts" in given
    if warnings := _leave_out_phones(given, region):
        content = to_json(given)
    bodies: Sequence[LegacyContactBody]
    if is_many:
        bodies = read_body(LegacyContactsBody, content, organization, {}, phone_region=region)[0].contacts
    else:
        bodies = [read_body(LegacyContactBody, content, organization, {}, phone_region=region)[0]]
    faults = [
        Fault(f"/contacts/{place}" if is_many else "", *_NO_IDENTIFIER)
        for place, body in enumerate(bodies)
        if not (body.ext_ref or body.email or body.phone)
    ]
    if faults:
        raise invalid_request(faults)
    return GivenContacts(bodies, is_many, warnings)


def _leave_out_phones(given: Any, region: str) -> list[Fault]:
    """Remove phones that are no numbers, such as N/A, of contacts with another identifier: exports write so."""
    several = given.get("contacts") if isinstance(given, dict) else None
    contacts = several if isinstance(several, list) else [given]
    warnings = []
    for place, contact in enumerate(contacts[:MAX_CONTACTS]):
        if isinstance(contact, dict) and (contact.get("email") or contact.get("externalDataReference")):
            for text in _phone_faults(contact.get("phone"), region):
                del contact["phone"]
                pointer = f"/contacts/{place}/phone" if several is contacts else "/phone"
                warnings.append(Fault(pointer, "invalid_phone", f"Left out. {text}"))
    return warnings


def _phone_faults(phone: Any, region: str) -> Iterator[str]:
    """Yield why a text is no phone number. What is no text, or too long a one, is for the body's model to judge."""
    if not isinstance(phone, str):
        return
    try:
        _PHONE.validate_python(phone, context={"phone_region": region})
    except ValidationError as error:
        yield from (fault["msg"] for fault in error.errors() if fault["type"] == "invalid_phone")


@retry_contact_collisions
def put_on_list(
    organization: Organization, mailing_list: MailingList, bodies: Sequence[LegacyContactBody]
) -> list[UUID]:
    """Write the contacts and put them on the list. Returns their keys in the order given."""
    now = database_now()
    lock_list(mailing_list)
    saved = save_contacts(organization.pk, [body.columns() for body in bodies], now)
    change_members(mailing_list, {contact.id for contact in saved}, ())
    # Clients send false for every contact, so it does not lift an earlier opt-out.
    opting_out = [contact.id for contact, body in zip(saved, bodies, strict=True) if body.unsubscribed]
    opt_out_many(organization.pk, opting_out, now, source=SOURCE)
    return [contact.id for contact in saved]


def render_contacts(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """Render contacts with their histories, which take two queries. Distributions that were deleted are left out."""
    keys = [contact.pk for contact in contacts]
    sent = Recipient.objects.filter(contact_id__in=keys, first_sent_at__isnull=False, distribution__deleted_at=None)
    answered = Response.objects.filter(recipient__contact_id__in=keys)
    recipients: dict[UUID, list[Recipient]] = defaultdict(list)
    responses: dict[UUID, list[Response]] = defaultdict(list)
    for recipient in _newest(sent, "contact_id").select_related("distribution"):
        recipients[recipient.contact_id].append(recipient)
    for response in _newest(answered, "recipient__contact_id").annotate(contact_id=F("recipient__contact_id")):
        responses[response.contact_id].append(response)
    return [render_contact(contact, recipients[contact.pk], responses[contact.pk]) for contact in contacts]


def _newest(rows: QuerySet[Any], contact: str) -> QuerySet[Any]:
    """Return the newest rows of each contact, which stands in this column, as many as are shown."""
    place = Window(RowNumber(), partition_by=contact, order_by="-pk")
    newest: QuerySet[Any] = rows.alias(place=place).filter(place__lte=MAX_HISTORY).order_by("-pk")
    return newest
