"""The dry run of a list, of contacts by their ids and of a filter: as of its first thousand, and how many there are."""

import pytest

from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from contacts.identity import UnknownContactsError
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.acceptance.dry_run import DryRun, dry_run_selection
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import accept_selection, expand_chunk
from distributor.engine.reports.timeline import timelines_of
from distributor.engine.route.accounts import Hold
from distributor.models import Decision, Recipient, Survey
from distributor.rules.eligibility import Reason
from distributor.rules.requests import DistributionRequest, Selection, Throttle
from distributor.rules.timing.departure import Delay
from tests.engine.conftest import Ask
from tests.support.engine.forecasts import (
    A_DAY,
    NOW,
    Accounts,
    departures,
    dispatch_everything,
    everything_stored,
    make_contacted_person,
    sends_of,
    set_quiet_hours,
)
from tests.support.engine.people import given
from tests.support.queries import count_queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(organization: Organization) -> list[Contact]:
    """Twelve contacts, in the order of their ids: zones of two kinds, one opted out, one without an e-mail address."""
    return [
        Contact.objects.create(
            organization=organization,
            **given(number, email="" if number == 4 else f"person{number}@example.com"),
            time_zone="America/New_York" if number % 2 else "",
            opted_out_at=NOW - A_DAY if number == 7 else None,
        )
        for number in range(12)
    ]


@pytest.fixture
def multitude(organization: Organization) -> MailingList:
    """A list of 1,003 who opted out, so that nobody of its first thousand is sent to."""
    made = MailingList.objects.create(organization=organization, name="Everybody")
    people = Contact.objects.bulk_create(
        Contact(
            id=new_id(), organization=organization, external_id=f"P-{number}", opted_out_at=NOW,
            embedded_data={"of": "many"},
        )
        for number in range(1_003)
    )  # fmt: skip
    Membership.objects.bulk_create(Membership(mailing_list=made, contact=one) for one in people)
    return made


def check_dry_run(organization: Organization, request: DistributionRequest, selection: Selection) -> DryRun:
    """Check that a dry run of an audience writes nothing and forecasts exactly what then happens."""
    before = everything_stored()
    foreseen = dry_run_selection(organization, request, selection, NOW)
    assert everything_stored() == before
    distribution = accept_selection(organization, None, request, selection, NOW)
    # A filter is left to workers; a short list is expanded by now.
    assert expand_chunk(NOW) == (selection.embedded_data is not None)
    dispatch_everything()
    skipped = {one.contact.id: one.refusal.reason for one in foreseen.contacts if one.refusal is not None}
    decided = Decision.objects.filter(distribution_id=distribution.pk, recipient_id=None)
    assert skipped == dict(decided.values_list("contact_id", "reason"))
    timelines = timelines_of(
        list(Recipient.objects.filter(distribution=distribution).select_related("contact").order_by("pk"))
    )
    planned = {
        one.contact.id: sends
        for one, sends in zip(foreseen.contacts, sends_of(foreseen), strict=True)
        if one.refusal is None
    }
    assert planned == {
        timeline.recipient.contact_id: [
            (attempt.channel, attempt.provider_account_id, attempt.begun_at) for attempt in timeline.attempts
        ]
        for timeline in timelines
    }
    return foreseen


def test_a_list_is_planned_as_it_is_then_sent_to(
    organization: Organization, survey: Survey, ask: Ask, mailing_list: MailingList
) -> None:
    set_quiet_hours(organization, 22, 8)
    known = make_contacted_person(organization, 20, NOW - A_DAY, survey)
    Membership.objects.create(mailing_list=mailing_list, contact=known)
    request = ask(
        [], Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, throttle=Throttle(3 * A_DAY),
        reminders=[(Channel.SMS, 24 * 60)],
    )  # fmt: skip
    foreseen = check_dry_run(organization, request, Selection(list_id=mailing_list.pk))
    assert (foreseen.contact_count, len(foreseen.contacts)) == (13, 13)
    assert [one.refusal and one.refusal.reason for one in foreseen.contacts].count(Reason.OPTED_OUT) == 1
    delays = [place_delays[0][1] for place in range(13) if (place_delays := departures(foreseen, place))]
    assert {delay: delays.count(delay) for delay in delays} == {Delay.QUIET_HOURS: 6, Delay.NONE: 5, Delay.THROTTLED: 1}
    assert not any(one.is_new for one in foreseen.contacts)


def test_contacts_by_their_ids_and_by_filter_are_planned_as_they_are_then_sent_to(
    organization: Organization, ask: Ask, crowd: list[Contact]
) -> None:
    wanted = [one.pk for one in crowd[8:2:-1]]
    foreseen = check_dry_run(
        organization, ask([], Channel.SMS, Channel.EMAIL), Selection(contact_ids=[*wanted, wanted[0]])
    )
    assert [one.contact.id for one in foreseen.contacts] == sorted(wanted)
    Contact.objects.filter(pk__in=wanted[:2]).update(embedded_data={"ward": "C", "seen": 1})
    foreseen = check_dry_run(organization, ask([]), Selection(embedded_data={"ward": "C"}))
    assert ({one.contact.id for one in foreseen.contacts}, foreseen.contact_count) == (set(wanted[:2]), 2)


def test_whoever_is_only_registered_is_sent_nothing(
    organization: Organization, ask: Ask, mailing_list: MailingList
) -> None:
    foreseen = check_dry_run(organization, ask([], is_sent=False), Selection(list_id=mailing_list.pk))
    assert sends_of(foreseen) == [[]] * 12


@pytest.mark.parametrize("kind", ["list", "ids", "filter"])
def test_of_a_multitude_the_first_thousand_are_planned_and_all_counted(
    organization: Organization, ask: Ask, multitude: MailingList, kind: str
) -> None:
    ids = sorted(Contact.objects.values_list("pk", flat=True))
    selection = {
        "list": Selection(list_id=multitude.pk),
        "ids": Selection(contact_ids=ids),
        "filter": Selection(embedded_data={"of": "many"}),
    }[kind]
    foreseen = dry_run_selection(organization, ask([]), selection, NOW)
    assert [one.contact.id for one in foreseen.contacts] == ids[:1_000]
    assert foreseen.contact_count == 1_003


def test_a_dry_run_of_a_large_list_only_adds_the_query_that_counts_it(
    organization: Organization, ask: Ask, mailing_list: MailingList, multitude: MailingList
) -> None:
    small, large = (
        count_queries(lambda pk=pk: dry_run_selection(organization, ask([]), Selection(list_id=pk), NOW))  # type: ignore[misc]
        for pk in (mailing_list.pk, multitude.pk)
    )
    # Nobody of the multitude is sent to, so nobody is read to look for gaps in the messages.
    assert (small, large) == (13, 8 + 3 + 2)  # two set the limit for reading, and set it back


def test_a_multitude_finds_accounts_as_bulk_does(
    organization: Organization, ask: Ask, accounts: Accounts, crowd: list[Contact], multitude: MailingList
) -> None:
    """What is left of the day is kept for urgent sends, and nobody of the first thousand makes it any less bulk."""
    account = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(pk=account.pk).update(daily_limit=10, urgent_reserve_percent=50)
    Pace.objects.create(account=account, day=NOW.date(), sent_today=6)
    few = Selection(contact_ids=[crowd[0].pk])
    [urgent] = dry_run_selection(organization, ask([]), few, NOW).available_accounts
    [bulk] = dry_run_selection(organization, ask([]), Selection(list_id=multitude.pk), NOW).available_accounts
    assert (isinstance(urgent, Hold), isinstance(bulk, Hold)) == (False, True)


def test_what_is_not_there_is_refused_as_by_the_call(organization: Organization, ask: Ask) -> None:
    with pytest.raises(UnknownReferencesError) as refused:
        dry_run_selection(organization, ask([]), Selection(list_id=new_id()), NOW)
    assert [fault.what for fault in refused.value.faults] == ["list"]
    with pytest.raises(UnknownContactsError):
        dry_run_selection(organization, ask([]), Selection(contact_ids=[new_id()]), NOW)
