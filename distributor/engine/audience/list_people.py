"""Lists that operators make: create one, and put people on it who may not be contacts yet. Nobody is invited."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contacts.contact_fields import ContactFields
from contacts.identity import resolve_contacts
from contacts.list_members import put_on_list
from contacts.models import MailingList, Organization
from distributor.engine.infrastructure.audit import Actor, record
from distributor.engine.infrastructure.transactions import retry_contact_collisions


@retry_contact_collisions
def create_list(
    organization: Organization,
    list_id: UUID,
    name: str,
    people: Sequence[ContactFields],
    actor: Actor,
    now: datetime,
) -> tuple[MailingList, bool]:
    """Create a list of these people. Idempotent: the same id makes one list. Return it, and whether it is new.

    Raises MailingList.DoesNotExist for the id of another organisation's list, and what resolve_contacts() raises.
    """
    made = MailingList(pk=list_id, organization=organization, name=name)
    MailingList.objects.bulk_create([made], ignore_conflicts=True)
    mailing_list = MailingList.objects.select_for_update(no_key=True).get(pk=list_id, organization=organization)
    if mailing_list.created_at != made.created_at:
        return mailing_list, False
    record(actor, "created", mailing_list)
    _put(organization, mailing_list, people, now)
    return mailing_list, True


@retry_contact_collisions
def add_people(
    organization: Organization, list_id: UUID, people: Sequence[ContactFields], actor: Actor, now: datetime
) -> int:
    """Put people on a list and return how many were new to it. Who is no contact yet becomes one.

    Idempotent. Raises MailingList.DoesNotExist, and what resolve_contacts() raises.
    """
    mailing_list = MailingList.objects.select_for_update(no_key=True).get(pk=list_id, organization=organization)
    added_count = _put(organization, mailing_list, people, now)
    record(actor, "members_added", mailing_list, changes={"members": [None, added_count]})
    return added_count


def _put(organization: Organization, mailing_list: MailingList, people: Sequence[ContactFields], now: datetime) -> int:
    if not people:
        return 0
    return put_on_list(mailing_list, {contact.id for contact in resolve_contacts(organization.pk, people, now)})
