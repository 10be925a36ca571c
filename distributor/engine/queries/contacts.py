"""Contacts by their identifiers, by what closes them, and in the order in which they were created or changed."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from contacts.addresses import spell_email, strip_unseen
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.queries.page import Found, Window, created_between, cut, read_by_id
from distributor.engine.queries.safe_moment import safe_moment


def find_contacts(
    organization_id: UUID, window: Window, *, external_id: str | None = None, email: str | None = None
) -> Found[Contact]:
    """Return a page of an organisation's contacts, without erased ones."""
    contacts = _identified(Contact.objects.filter(organization_id=organization_id), None, external_id, email)
    contacts = created_between(contacts.filter(erased_at=None), window)
    if window.updated_after is None:
        return read_by_id(contacts, window)
    return _read_by_change(organization_id, contacts, window)


def find_contact_ids(
    organization_id: UUID, contact_id: UUID | None, external_id: str | None, email: str | None
) -> list[UUID] | None:
    """Return the ids of the contacts that have all of these; None if nothing is given. Blank texts find nobody."""
    if contact_id is None and external_id is None and email is None:
        return None
    contacts = _identified(Contact.objects.filter(organization_id=organization_id), contact_id, external_id, email)
    return list(contacts.values_list("pk", flat=True))


def _identified(
    contacts: QuerySet[Contact], contact_id: UUID | None, external_id: str | None, email: str | None
) -> QuerySet[Contact]:
    # PostgreSQL stores no NUL, so no contact has such an id or address.
    if "\0" in f"{external_id}{email}":
        return contacts.none()
    if contact_id is not None:
        contacts = contacts.filter(pk=contact_id)
    if external_id is not None:
        contacts = contacts.filter(external_id=strip_unseen(external_id))
    if email is not None:
        # Along the index on the lower case.
        address = spell_email(email.strip()).lower()
        contacts = contacts.alias(lower=Lower("email")).filter(lower=address).exclude(email="")
    return contacts


def _read_by_change(organization_id: UUID, contacts: QuerySet[Contact], window: Window) -> Found[Contact]:
    """Return a page along the index of changes. A change's time is its contact's `updated_at`: triggers keep it so."""
    until = safe_moment()
    contacts = contacts.filter(
        last_change__organization=organization_id,
        last_change__changed_at__gte=window.updated_after,
        last_change__changed_at__lt=until,
    )
    if window.after is not None:
        at, contact_id = window.after
        contacts = contacts.filter(
            Q(last_change__changed_at__gt=at) | Q(last_change__pk__gt=contact_id), last_change__changed_at__gte=at
        )
    rows = list(contacts.order_by("last_change__changed_at", "last_change__pk")[: window.limit + 1])
    return cut(rows, window.limit, lambda contact: (contact.updated_at, contact.pk), until)


def find_opted_out(organization_id: UUID, window: Window) -> Found[Contact]:
    """Return a page of the contacts who have opted out, along the index of them."""
    contacts = Contact.objects.filter(organization_id=organization_id, erased_at=None)
    return read_by_id(contacts.filter(opted_out_at__isnull=False), window)


def find_opted_out_members(mailing_list_id: UUID, window: Window) -> Found[Contact]:
    """Return a page of a list's contacts who have opted out."""
    return read_by_id(_members(mailing_list_id), window, Q(opted_out_at__isnull=False))


def find_bounced_members(mailing_list: MailingList, window: Window) -> Found[Contact]:
    """Return a page of a list's contacts with an address that is closed because a message to it bounced."""
    closed = Suppression.objects.filter(
        organization_id=mailing_list.organization_id, reason=SuppressionReason.BOUNCE.value
    )
    by_email = closed.filter(channel=Channel.EMAIL, address=Lower(OuterRef("email")))
    by_phone = closed.filter(channel__in=(Channel.SMS, Channel.WHATSAPP), address=OuterRef("phone"))
    has_bounced = (~Q(email="") & Q(Exists(by_email))) | (~Q(phone="") & Q(Exists(by_phone)))
    return read_by_id(_members(mailing_list.pk), window, has_bounced)


def _members(mailing_list_id: UUID) -> QuerySet[Contact]:
    return Contact.objects.filter(memberships__mailing_list_id=mailing_list_id, erased_at=None)
