"""Contacts: all of them, or those on a list."""

from typing import Final
from uuid import UUID

from contacts.models import Contact, Membership
from contacts.selection import BEFORE_ALL
from distributor.engine.exports.columns import CONTACT_COLUMNS, Column
from distributor.engine.exports.pages import Kind, Page, Row, Scope

COLUMNS: Final = (
    *CONTACT_COLUMNS,
    Column("title", "The contact's title, such as Dr."),
    Column("locale", "The contact's language, in BCP 47."),
    Column("timeZone", "The contact's time zone, such as Europe/Warsaw."),
    Column("optedOutAt", "When the contact opted out of all surveys. Empty: never.", is_moment=True),
    Column("createdAt", "When the contact was made.", is_moment=True),
    Column("updatedAt", "When the contact was last changed.", is_moment=True),
    Column("embeddedData", "The contact's embedded data.", is_data=True),
)


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read contacts in the order of their ids. Who was erased is left out."""
    bound = UUID(after) if after else BEFORE_ALL
    if scope.filters.list_id is not None:
        members = Membership.objects.filter(mailing_list_id=scope.filters.list_id, contact_id__gt=bound)
        ids = list(members.order_by("contact_id").values_list("contact_id", flat=True)[:limit])
        found = list(Contact.objects.filter(organization=scope.organization, pk__in=ids).order_by("pk"))
    else:
        contacts = Contact.objects.filter(organization=scope.organization, pk__gt=bound)
        found = list(contacts.order_by("pk")[:limit])
        ids = [contact.pk for contact in found]
    rows = [_row(contact) for contact in found if contact.erased_at is None]
    return Page(rows, str(ids[-1]) if ids else after, len(ids) < limit, len(ids))


def count(scope: Scope) -> int:
    """Return how many contacts there are, or are on the list."""
    if scope.filters.list_id is not None:
        return Membership.objects.filter(mailing_list_id=scope.filters.list_id).count()
    return Contact.objects.filter(organization=scope.organization).count()


def _row(contact: Contact) -> Row:
    values = {
        "contactId": contact.pk,
        "externalId": contact.external_id,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "email": contact.email,
        "phone": contact.phone,
        "title": contact.title,
        "locale": contact.locale,
        "timeZone": contact.time_zone,
        "optedOutAt": contact.opted_out_at,
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
        "embeddedData": contact.embedded_data,
    }
    return Row(contact.pk, values)


CONTACTS: Final = Kind(
    meaning="Contacts: all, or those on a list.",
    columns=COLUMNS,
    filters=frozenset({"listId"}),
    read_page=read_page,
    count=count,
    permission="contacts.view_contact",
)
