"""Contacts of a list from before directories: read from a body, written, and read with their histories."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model, QuerySet, Window
from django.db.models.functions import RowNumber
from pydantic import RootModel

from contacts.contact_changes import save_contacts
from contacts.list_members import change_members
from contacts.models import Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.faults import parse_json, read_body
from distributor.api.dialects.distributions_v3.legacy.shapes import (
    MAX_HISTORY,
    LegacyContactBody,
    LegacyContactsBody,
    render_contact,
)
from distributor.api.dialects.distributions_v3.lists.contact_bodies import SOURCE
from distributor.api.problems import Fault, invalid_request
from distributor.engine.consent.opt_out import opt_out_many
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Recipient, Response

ModelT = TypeVar("ModelT", bound=Model)
_NO_IDENTIFIER = ("no_identifier", "A contact needs an externalDataReference, email or phone.")


class OneOrMany(RootModel[LegacyContactBody | LegacyContactsBody]):
    """One contact, or several."""


def read_contacts(organization: Organization, content: bytes) -> tuple[Sequence[LegacyContactBody], bool]:
    """Return the contacts of a body, and whether it may have several. Raises a 400 Problem with every fault."""
    given = parse_json(content)
    region = organization.phone_region
    bodies: Sequence[LegacyContactBody]
    is_many = isinstance(given, dict) and "contacts" in given
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
    return bodies, is_many


@transaction.atomic
def put_on_list(mailing_list: MailingList, bodies: Sequence[LegacyContactBody]) -> list[UUID]:
    """Write the contacts and put them on the list. Returns their keys in the order given."""
    now = database_now()
    saved = save_contacts(mailing_list.organization_id, [body.columns() for body in bodies], now)
    change_members(mailing_list, {contact.id for contact in saved}, ())
    # Clients send false for every contact, so it does not lift an earlier opt-out.
    opting_out = [contact.id for contact, body in zip(saved, bodies, strict=True) if body.unsubscribed]
    opt_out_many(mailing_list.organization_id, opting_out, now, source=SOURCE)
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


def _newest(rows: QuerySet[ModelT], contact: str) -> QuerySet[ModelT]:
    """Return the newest rows of each contact, which stands in this column, as many as are shown."""
    place = Window(RowNumber(), partition_by=contact, order_by="-pk")
    return rows.alias(place=place).filter(place__lte=MAX_HISTORY).order_by("-pk")
