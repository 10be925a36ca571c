"""Audiences selected by a list, contact ids or a filter: check them, read them in runs, and count them."""

from uuid import UUID

from contacts.identity import Identified, UnknownContactsError
from contacts.models import Contact, MailingList, Organization
from contacts.selection import (
    count_matching,
    count_members,
    count_named,
    next_matching,
    next_members,
    next_named,
)
from distributor.engine.acceptance.references import Chain, UnknownReference, UnknownReferencesError, check_references
from distributor.rules.requests import DistributionRequest, Selection


def check_selection(
    organization: Organization, request: DistributionRequest, selection: Selection
) -> tuple[Chain, MailingList | None]:
    """Return the request's chain, and the list if the selection names one.

    Raises UnknownReferencesError with all unknown references, and UnknownContactsError. If the selection names both
    contacts and a list, contacts that are not on the list are unknown too.
    """
    mailing_list = _find_list(organization, selection)
    chain = _check_references(organization, request, is_list_missing=bool(selection.list_id) and mailing_list is None)
    _check_contacts(organization, selection)
    return chain, mailing_list


def next_selected(organization_id: UUID, selection: Selection, after: UUID, limit: int) -> list[Identified]:
    """Return the next contacts after an id, in the order of their ids, locked until the end of the transaction.

    Fewer than `limit` contacts are the last ones.
    """
    if selection.contact_ids:
        return next_named(organization_id, selection.contact_ids, after, limit)
    if selection.list_id is not None:
        return next_members(selection.list_id, after, limit)
    return next_matching(organization_id, selection.embedded_data or {}, after, limit)


def count_selected(organization_id: UUID, selection: Selection) -> int:
    """Return how many contacts the selection has now."""
    if selection.contact_ids:
        return count_named(organization_id, selection.contact_ids)
    if selection.list_id is not None:
        return count_members(selection.list_id)
    return count_matching(organization_id, selection.embedded_data or {})


def _find_list(organization: Organization, selection: Selection) -> MailingList | None:
    if selection.list_id is None:
        return None
    return MailingList.objects.filter(organization=organization, pk=selection.list_id).first()


def _check_references(organization: Organization, request: DistributionRequest, *, is_list_missing: bool) -> Chain:
    missing_list = [UnknownReference(None, "list", "not_found")] if is_list_missing else []
    try:
        chain = check_references(organization, request)
    except UnknownReferencesError as unknown:
        raise UnknownReferencesError([*unknown.faults, *missing_list]) from None
    if missing_list:
        raise UnknownReferencesError(missing_list)
    return chain


def _check_contacts(organization: Organization, selection: Selection) -> None:
    if selected_ids := frozenset(selection.contact_ids):
        contacts = Contact.objects.filter(organization=organization, pk__in=selected_ids, erased_at=None)
        if selection.list_id is not None:
            contacts = contacts.filter(memberships__mailing_list_id=selection.list_id)
        if unknown_ids := selected_ids.difference(contacts.values_list("pk", flat=True)):
            raise UnknownContactsError(unknown_ids)
