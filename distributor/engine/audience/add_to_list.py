"""Add people to a list and, if the list is connected to a survey, invite them: one transaction, all or nothing.

    lock the list → leave out duplicates → resolve contacts → accept (for a connected list) → put on the list

Because of the lock, simultaneous calls to one list run one after the other: if two of them add the same person, the
second finds a member. See docs/decisions/0023.

A dry run leaves out duplicates and forecasts the invitations, without the lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import F

from contacts.contact_fields import ContactFields
from contacts.identity import resolve_contacts
from contacts.list_members import put_on_list
from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.acceptance.accept import Accepted, accept_in_transaction
from distributor.engine.acceptance.defaults import default_step
from distributor.engine.acceptance.dry_run import DryRun, dry_run
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.rows import SkippedContact
from distributor.engine.audience.duplicates import find_member_matches, with_value
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.models import ListConnection
from distributor.models.distribution import ChannelMode
from distributor.rules.duplicates import Duplication, find_duplicates
from distributor.rules.requests import DistributionRequest, RecipientOptions
from distributor.rules.timing.time_zones import zone_named


@dataclass(frozen=True, slots=True)
class PersonToAdd:
    """A person to add to a list. The invitation leaves no earlier than `invite_at`; None: as soon as possible."""

    contact: ContactFields
    invite_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddResult:
    """`duplicates` are positions among the given people. `invitations` None: nobody was invited."""

    duplicates: frozenset[int]
    invitations: Accepted | None

    @property
    def skipped(self) -> Sequence[SkippedContact]:
        """The people who were added and not invited."""
        return self.invitations.skipped if self.invitations else ()


@dataclass(frozen=True, slots=True)
class AddDryRun:
    """`duplicates` are positions among the given people. `invitations` None: nobody would be invited."""

    duplicates: frozenset[int]
    invitations: DryRun | None

    @property
    def skipped(self) -> Sequence[SkippedContact]:
        """The people who would be added and not invited."""
        contacts = self.invitations.contacts if self.invitations else ()
        return [SkippedContact(contact.contact, contact.refusal) for contact in contacts if contact.refusal is not None]


class _WithoutDuplicates(NamedTuple):
    """The positions of duplicates, the contacts of all other people, and their invitation if the list has one."""

    duplicates: frozenset[int]
    contacts: Sequence[ContactFields]
    invitation: DistributionRequest | None


def find_list(organization: Organization, name: str) -> MailingList | None:
    """Return the list with this name. Of several: a list connected to a survey first, then the oldest.

    A name may be shared with lists that sending calls have created for themselves.
    """
    lists = MailingList.objects.filter(organization=organization, name=name).exclude(name="")
    return lists.order_by(F("connection__created_at").asc(nulls_last=True), "pk").first()


def add_to_list(
    mailing_list: MailingList,
    api_key: ApiKey | None,
    people: Sequence[PersonToAdd],
    duplication: Duplication,
    source: str,
    now: datetime,
) -> AddResult:
    """Add and invite everyone who is not a duplicate.

    Raises MailingList.DoesNotExist if the list has been deleted meanwhile, and UnknownReferencesError and
    NoDefaultChannelError if its connection cannot send; nothing was written then.
    """
    return _add(mailing_list.organization, mailing_list, api_key, people, duplication, source, now)


@retry_contact_collisions
def _add(
    organization: Organization,
    mailing_list: MailingList,
    api_key: ApiKey | None,
    people: Sequence[PersonToAdd],
    duplication: Duplication,
    source: str,
    now: datetime,
) -> AddResult:
    MailingList.objects.select_for_update(no_key=True).get(pk=mailing_list.pk)
    new = _leave_out_duplicates(mailing_list, people, duplication, source, now)
    if not new.contacts:
        return AddResult(new.duplicates, None)
    if new.invitation is None:
        contact_ids = {contact.id for contact in resolve_contacts(organization.id, new.contacts, now)}
        invitations = None
    else:
        invitations = accept_in_transaction(organization, api_key, new.invitation, now, mailing_list)
        contact_ids = {contact.id for contact in invitations.resolved_contacts}
    put_on_list(mailing_list, contact_ids)
    return AddResult(new.duplicates, invitations)


def dry_run_add_to_list(
    mailing_list: MailingList,
    api_key: ApiKey | None,
    people: Sequence[PersonToAdd],
    duplication: Duplication,
    source: str,
    now: datetime,
) -> AddDryRun:
    """Forecast what `add_to_list` would do now, and what dispatch would then do if nothing changes.

    Raises what `add_to_list` raises.
    """
    MailingList.objects.get(pk=mailing_list.pk)
    new = _leave_out_duplicates(mailing_list, people, duplication, source, now)
    invitation = request_of_key(new.invitation, api_key) if new.invitation else None
    invitations = dry_run(mailing_list.organization, invitation, now) if invitation else None
    return AddDryRun(new.duplicates, invitations)


def _leave_out_duplicates(
    mailing_list: MailingList, people: Sequence[PersonToAdd], duplication: Duplication, source: str, now: datetime
) -> _WithoutDuplicates:
    today = now.astimezone(zone_named(mailing_list.organization.time_zone)).date()
    duplicates: frozenset[int] = frozenset()
    if duplication.fields:
        given = [person.contact for person in people]
        matches = find_member_matches(mailing_list.organization_id, mailing_list.pk, given, duplication)
        verdicts = find_duplicates(matches, duplication, today)
        duplicates = frozenset(position for position, is_duplicate in enumerate(verdicts) if is_duplicate)
    new_people = [person for position, person in enumerate(people) if position not in duplicates]
    contacts = [person.contact for person in new_people]
    if duplication.writes_date and duplication.date_field:
        contacts = [with_value(contact, duplication.date_field, today.isoformat()) for contact in contacts]
    invite_ats = [person.invite_at for person in new_people]
    invitation = _invitation(mailing_list, contacts, invite_ats, source) if contacts else None
    return _WithoutDuplicates(duplicates, contacts, invitation)


def _invitation(
    mailing_list: MailingList, contacts: Sequence[ContactFields], invite_ats: Sequence[datetime | None], source: str
) -> DistributionRequest | None:
    """Return the request of the list's active connection; None if it has none."""
    connection = ListConnection.objects.filter(mailing_list=mailing_list, is_active=True).first()
    if connection is None:
        return None
    steps = [step.as_request() for step in connection.steps.select_related("provider_account")]
    return DistributionRequest(
        source=source,
        survey_id=connection.survey_id,
        contacts=contacts,
        steps=steps or [default_step(mailing_list.organization)],
        is_multi=connection.mode == ChannelMode.MULTI,
        name=mailing_list.name,
        options=[RecipientOptions(when=invite_at) for invite_at in invite_ats] if any(invite_ats) else (),
    )
