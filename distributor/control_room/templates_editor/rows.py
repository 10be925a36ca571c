"""The rows that a page of templates is about, for users who may see them."""

import re
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.http import Http404

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership
from contacts.suppressions import spell_address
from distributor.control_room.layout.room import Room

MOST_LISTS = 100
# Most lists are automatic: they stand for one distribution and have no members.
_NEWEST_LISTS = 500
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def find_template(room: Room, template_id: UUID, deed: str = "view") -> Template:
    """Return a template with its organisation. 404 if the user may not see it, 403 if they may only see it."""
    template = Template.objects.select_related("organization").filter(pk=template_id).first()
    if template is None or not may(room, template, "view"):
        raise Http404
    if not may(room, template, deed):
        raise PermissionDenied
    return template


def may(room: Room, template: Template, deed: str) -> bool:
    return room.allows(f"channels.{deed}_template", template.organization_id)


def lists_of(template: Template) -> QuerySet[MailingList]:
    """Return the newest lists of the organisation that have a name and members."""
    newest = MailingList.objects.filter(organization=template.organization).exclude(name="").order_by("-pk")
    members = Membership.objects.filter(mailing_list=OuterRef("pk"))
    return MailingList.objects.filter(Exists(members), pk__in=newest.values("pk")[:_NEWEST_LISTS])[:MOST_LISTS]


def accounts_of(template: Template) -> QuerySet[ProviderAccount]:
    """Return the accounts that can send a test message, the default one first."""
    accounts = ProviderAccount.objects.filter(organization=template.organization, channel=template.channel)
    return accounts.filter(is_active=True).order_by("-is_default", "name", "pk")[:MOST_LISTS]


def find_contact(template: Template, given: str) -> Contact | None:
    """Find a contact of the organisation by e-mail address, phone number, external id or id."""
    given = given.strip()
    if not given or "\0" in given:
        return None
    email = spell_address(Channel.EMAIL, given, "")
    phone = spell_address(Channel.SMS, given, template.organization.phone_region)
    ways = {
        "pk": given if _UUID.fullmatch(given) else None,
        "external_id": given,
        "email_lower": email,
        "phone": phone,
    }
    contacts = Contact.objects.alias(email_lower=Lower("email")).filter(organization=template.organization)
    # One after the other, because each has an index of its own.
    return next(filter(None, (contacts.filter(**{name: value}).first() for name, value in ways.items() if value)), None)


def find_list(template: Template, given: str) -> MailingList | None:
    """Return the organisation's list with this id."""
    lists = MailingList.objects.filter(organization=template.organization)
    return lists.filter(pk=given).first() if _UUID.fullmatch(given) else None
