"""Adds contacts to a mailing list and removes them, a thousand per statement."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection, transaction

from contacts.models import Contact, MailingList, Membership

_ADD = """
INSERT INTO contacts_membership (mailing_list_id, contact_id) SELECT %s, id FROM unnest(%s::uuid[]) AS id
ON CONFLICT DO NOTHING
"""


class UnknownMembersError(Exception):
    """The list's organisation has no contacts with these ids. Nothing was written."""

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"{len(ids)} unknown contacts")
        self.ids = ids


def lock_list(mailing_list: MailingList) -> None:
    """Lock a list until the caller's transaction ends. Raises MailingList.DoesNotExist.

    A call that writes contacts and adds them to a list locks the list first. In the other order, two calls deadlock.
    """
    MailingList.objects.select_for_update(no_key=True).get(pk=mailing_list.pk)


@transaction.atomic
def change_members(mailing_list: MailingList, added: Collection[UUID], removed: Collection[UUID]) -> tuple[int, int]:
    """Add and remove contacts; return how many were added and how many removed.

    Idempotent: repeating the call changes nothing. Raises UnknownMembersError for ids to add that the organisation does
    not have, and MailingList.DoesNotExist if the list has been deleted.
    """
    # Wait for a concurrent deletion of the list; otherwise the foreign key would fail at the end of the transaction.
    lock_list(mailing_list)
    added_count = _add(mailing_list, added) if added else 0
    removed_count = 0
    if removed:
        removed_count, _ = Membership.objects.filter(mailing_list=mailing_list, contact_id__in=removed).delete()
    return added_count, removed_count


def _add(mailing_list: MailingList, contact_ids: Collection[UUID]) -> int:
    # Sorted, so that simultaneous calls wait for each other instead of deadlocking.
    wanted = sorted(contact_ids)
    # No lock is needed: a contact that is erased now becomes a member without an address, which is never shown.
    known = Contact.objects.filter(organization_id=mailing_list.organization_id, pk__in=wanted, erased_at=None)
    if unknown := frozenset(wanted) - frozenset(known.values_list("pk", flat=True)):
        raise UnknownMembersError(unknown)
    return put_on_list(mailing_list, wanted)


def put_on_list(mailing_list: MailingList, contact_ids: Iterable[UUID]) -> int:
    """Add contacts to a list; return how many were new. The caller must have locked the list and the contacts.

    A list that a send made for itself is from now on a list like any other.
    """
    if mailing_list.is_automatic:
        mailing_list.is_automatic = False
        mailing_list.save(update_fields=["is_automatic", "updated_at"])
    return add_members(mailing_list, contact_ids)


def add_members(mailing_list: MailingList, contact_ids: Iterable[UUID]) -> int:
    """Do the same, and leave the list what it is."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [mailing_list.pk, sorted(contact_ids)])
        added_count: int = cursor.rowcount
    return added_count
