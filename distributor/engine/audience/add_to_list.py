"""Putting people on a list and, if it is connected to a survey, inviting them: one transaction, all or nothing.

    lock the list → leave out duplicates → resolve contacts → accept (a connected list) → put on the list

A dry run leaves the duplicates out and plans the invitations. It locks and writes nothing beside what a plan does.

The lock on the list's row makes simultaneous calls to one list follow each other: of two that bring the same person the
second finds a member. See docs/decisions/0023.
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
from distributor.engine.acceptance.accept import Accepted, accept_within
from distributor.engine.acceptance.defaults import default_step
from distributor.engine.acceptance.dry_run import DryRun, dry_run
from distributor.engine.acceptance.write import SkippedContact
from distributor.engine.audience.duplicates import find_member_matches, with_value
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.models import ListConnection
from distributor.models.distribution import ChannelMode
from distributor.rules.duplicates import Duplication, find_duplicates
from distributor.rules.requests import DistributionRequest, RecipientOptions
from distributor.rules.timing.time_zones import zone_named


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody to add; `when`: invited not before."""

    contact: ContactFields
    when: datetime | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """`duplicates` by their places among the newcomers; `invited` None: the list is connected to nothing."""

    duplicates: frozenset[int]
    invited: Accepted | None

    @property
    def skipped(self) -> Sequence[SkippedContact]:
        """Who is added and not invited."""
        return self.invited.skipped if self.invited else ()


@dataclass(frozen=True, slots=True)
class DryRunAdding:
    """What would be done: `duplicates` likewise; `plan` of the invitations, None where there would be none."""

    duplicates: frozenset[int]
    plan: DryRun | None

    @property
    def skipped(self) -> Sequence[SkippedContact]:
        """Who would be added and not invited."""
        contacts = self.plan.contacts if self.plan else ()
        return [SkippedContact(one.contact, one.refusal) for one in contacts if one.refusal is not None]


class _Sifted(NamedTuple):
    """The newcomers who are no `duplicates`, and what the list's connection asks for; None where it has none."""

    duplicates: frozenset[int]
    contacts: Sequence[ContactFields]
    invitation: DistributionRequest | None


def find_list(organization: Organization, name: str) -> MailingList | None:
    """The list that a name means: one that is connected to a survey first, then the oldest.

    Calls that send make lists of their own, which may have any name.
    """
    named = MailingList.objects.filter(organization=organization, name=name).exclude(name="")
    return named.order_by(F("connection__created_at").asc(nulls_last=True), "pk").first()


def add_to_list(
    mailing_list: MailingList,
    api_key: ApiKey | None,
    newcomers: Sequence[Newcomer],
    duplication: Duplication,
    source: str,
    now: datetime,
) -> Added:
    """Add and invite whoever is no duplicate.

    Raises MailingList.DoesNotExist when the list has been deleted meanwhile, and UnknownReferences and NoChannel where
    its connection cannot send; nothing was written then.
    """
    return _add(mailing_list.organization, mailing_list, api_key, newcomers, duplication, source, now)


def dry_run_adding(
    mailing_list: MailingList, newcomers: Sequence[Newcomer], duplication: Duplication, source: str, now: datetime
) -> DryRunAdding:
    """What `add_to_list` would do now, and what dispatch would do then if nothing intervened. Raises what it raises."""
    MailingList.objects.get(pk=mailing_list.pk)
    new = _sift(mailing_list, newcomers, duplication, source, now)
    invitations = dry_run(mailing_list.organization, new.invitation, now) if new.invitation else None
    return DryRunAdding(new.duplicates, invitations)


@retry_contact_collisions
def _add(
    organization: Organization,
    mailing_list: MailingList,
    api_key: ApiKey | None,
    newcomers: Sequence[Newcomer],
    duplication: Duplication,
    source: str,
    now: datetime,
) -> Added:
    MailingList.objects.select_for_update(no_key=True).get(pk=mailing_list.pk)
    new = _sift(mailing_list, newcomers, duplication, source, now)
    if not new.contacts:
        return Added(new.duplicates, None)
    if new.invitation is None:
        ids = {one.id for one in resolve_contacts(organization.id, new.contacts, now)}
        invited = None
    else:
        invited = accept_within(organization, api_key, new.invitation, now, mailing_list)
        ids = {one.id for one in invited.resolved}
    put_on_list(mailing_list, ids)
    return Added(new.duplicates, invited)


def _sift(
    mailing_list: MailingList, newcomers: Sequence[Newcomer], duplication: Duplication, source: str, now: datetime
) -> _Sifted:
    today = now.astimezone(zone_named(mailing_list.organization.time_zone)).date()
    duplicates: frozenset[int] = frozenset()
    if duplication.fields:
        people = [one.contact for one in newcomers]
        likenesses = find_member_matches(mailing_list.organization_id, mailing_list.pk, people, duplication)
        found = find_duplicates(likenesses, duplication, today)
        duplicates = frozenset(place for place, is_duplicate in enumerate(found) if is_duplicate)
    new = [one for place, one in enumerate(newcomers) if place not in duplicates]
    contacts = [one.contact for one in new]
    if duplication.writes_date and duplication.date_field:
        contacts = [with_value(contact, duplication.date_field, today.isoformat()) for contact in contacts]
    invitation = _invitation(mailing_list, contacts, [one.when for one in new], source) if contacts else None
    return _Sifted(duplicates, contacts, invitation)


def _invitation(
    mailing_list: MailingList, contacts: Sequence[ContactFields], whens: Sequence[datetime | None], source: str
) -> DistributionRequest | None:
    """What the list's connection asks for; None where there is none that is active."""
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
        options=[RecipientOptions(when=when) for when in whens] if any(whens) else (),
    )
