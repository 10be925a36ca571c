"""The stream of outgoing events: one event for each fact, in order, with none missed."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Event as Signal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels.account_state.buckets import break_account
from channels.events import EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.events.stream import Cursor, Filter, read_events
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.engine.recovery.sequences import skip_used_event_numbers
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import record_response
from distributor.engine.route.step_context import as_account
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import EventBundle, Recipient
from distributor.partitions.tables import WIDTH
from distributor.rules.event_types import EventType
from distributor.rules.requests import LinkType
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, given
from tests.support.engine.provider_events import event_of
from tests.support.simultaneous import run_together

Accounts = dict[Channel, ProviderAccount]


def read_all(organization: Organization, wanted: Filter | None = None, limit: int = 1_000) -> list[dict[str, Any]]:
    """Commit what is deferred, and read the whole stream, page by page."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return [event for page in pages(organization, wanted or Filter(), limit) for event in page]


def pages(organization: Organization, wanted: Filter, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor = Cursor()
    while True:
        page = read_events(organization.pk, cursor, limit, wanted)
        yield [event.rendered() for event in page.events]
        if not page.has_more:
            return
        assert page.next > cursor, "a page that says that more follows goes on"
        cursor = Cursor.parse(str(page.next))


def short_types(events: list[dict[str, Any]], **data: Any) -> list[str]:
    """Return the types, without `recipient.`, of the events with these data."""
    return [
        event["type"].removeprefix("recipient.")
        for event in events
        if all(event["data"].get(name) == value for name, value in data.items())
    ]


def test_a_page_reads_no_more_bundles_than_it_may_show(organization: Organization) -> None:
    write_bundles(NewBundle(EventType.IMPORT_FINISHED, organization.pk, details={}) for _ in range(5))
    with CaptureQueriesContext(connection) as captured:
        page = read_events(organization.pk, Cursor(), 2, Filter())
    assert len(page.events) == 2
    assert any(query["sql"].endswith("LIMIT 3") for query in captured.captured_queries)
    assert len(read_all(organization, limit=1)) == 5


def test_each_fact_of_a_persons_journey_is_one_event_in_its_order(
    organization: Organization, send: Send, accounts: Accounts
) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person1@example.com": "permanent"}}
    email.save()
    Contact.objects.create(organization=organization, external_id="PAT-9", opted_out_at=database_now())
    accepted = send([*(given(number) for number in range(5)), given(9)])
    dispatch()
    now = database_now()
    reported = [
        (EventKind.DELIVERED, 0), (EventKind.OPENED, 0), (EventKind.CLICKED, 0), (EventKind.COMPLAINED, 2),
        (EventKind.HARD_BOUNCED, 3),
    ]  # fmt: skip
    told = [event_of(accepted, kind, place) for kind, place in reported]
    ingest_events(as_account(email), [*told, *told], now)
    ingest_events(as_account(email), told, now)
    people = list(Recipient.objects.select_related("distribution", "contact").order_by("id"))
    record_open(people[0], now)
    record_response(people[0].code, {"score": 9}, now)
    assert unsubscribe(people[4].code, "page", now)
    events = read_all(organization)
    by_person = [short_types(events, externalId=f"PAT-{number}") for number in range(5)]
    assert by_person[0] == ["accepted", "sent", "delivered", "clicked", "opened", "responded"]
    assert by_person[1] == ["accepted", "failed"]
    assert by_person[2] == ["accepted", "sent", "opted_out", "delivered", "complained"]
    assert by_person[3] == ["accepted", "sent", "bounced", "failed"]
    assert by_person[4] == ["accepted", "sent", "opted_out"]
    assert short_types(events, externalId="PAT-9") == ["skipped"]
    assert short_types(events).count("distribution.completed") == 1
    assert len({event["id"] for event in events}) == len(events)
    skipped = next(event for event in events if event["type"] == EventType.SKIPPED)
    assert skipped["data"]["reason"] == "opted_out"
    sent = next(event for event in events if event["type"] == EventType.SENT)
    assert sent["data"] | {"providerMessageId": "?"} == {
        "mode": "live",
        "distributionId": accepted.distribution.pk,
        "surveyId": accepted.distribution.survey_id,
        "contactId": people[0].contact_id,
        "externalId": "PAT-0",
        "recipientId": sent["data"]["recipientId"],
        "attempt": 1,
        "channel": "email",
        "providerId": email.pk,
        "providerMessageId": "?",
        "code": "202",
    }


def test_accepting_many_people_writes_one_row_and_reads_as_many_events(organization: Organization, send: Send) -> None:
    send(30)
    assert EventBundle.objects.filter(type=EventType.ACCEPTED).count() == 1
    events = read_all(organization, limit=7)
    assert [event["data"]["externalId"] for event in events] == [f"PAT-{number}" for number in range(30)]
    assert events == read_all(organization), "however it is cut into pages"


def test_filters_choose_types_distributions_and_surveys(organization: Organization, send: Send) -> None:
    first, second = send(2).distribution, send([given(7)]).distribution
    dispatch()
    only_sent = read_all(organization, Filter(types=[EventType.SENT]))
    assert short_types(only_sent) == ["sent"] * 3
    of_second = read_all(organization, Filter(distribution_ids=[second.pk]))
    assert short_types(of_second) == ["accepted", "sent", "distribution.completed"]
    assert read_all(organization, Filter(survey_ids=[first.pk])) == [], "no survey has this id"
    assert len(read_all(organization, Filter(survey_ids=[first.survey_id]))) == 8


def test_an_organization_never_reads_events_of_another(organization: Organization, send: Send) -> None:
    send(1)
    other = Organization.objects.create(name="Other", slug="other")
    assert read_all(other) == []


def test_events_of_an_erased_person_name_nobody(organization: Organization, send: Send, accounts: Accounts) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person0@example.com": "permanent"}}
    email.save()
    send(1)
    dispatch()
    assert "PAT-0" in str(read_all(organization))
    contact = Contact.objects.get()
    erase_contact(contact.pk, database_now())
    events = str(read_all(organization))
    assert str(contact.pk) in events
    assert "PAT-0" not in events
    assert "person0" not in events
    assert "person0" not in str(list(EventBundle.objects.values_list("details", flat=True)))


def test_anonymous_responses_make_no_event(organization: Organization, send: Send) -> None:
    send(1, link_type=LinkType.ANONYMOUS)
    dispatch()
    recipient = Recipient.objects.select_related("distribution", "contact").get()
    record_open(recipient, database_now())
    record_response(recipient.code, {"score": 1}, database_now())
    assert short_types(read_all(organization), externalId="PAT-0") == ["accepted", "sent"]


def test_an_account_that_breaks_and_works_again_is_told_once_each(
    organization: Organization, send: Send, accounts: Accounts
) -> None:
    email = accounts[Channel.EMAIL]
    email.configuration = {"failAddresses": {"person0@example.com": "refused"}}
    break_account(email.pk, "tests", database_now())
    assert resume_account(email.pk, database_now())
    assert not resume_account(email.pk, database_now())
    events = read_all(organization)
    assert [(event["type"], event["data"]) for event in events] == [
        (EventType.PROVIDER_MENDED, {"providerId": str(email.pk)})
    ]


def test_a_distribution_that_a_thank_you_reopens_is_completed_after_it(organization: Organization, send: Send) -> None:
    send(1, thank_yous=[(Channel.EMAIL, 30)])
    now = database_now()
    dispatch_at(now)
    read_all(organization)
    record_response(Recipient.objects.get().code, {}, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('distributor.completed', '', true)")  # as in a transaction of its own
    assert short_types(read_all(organization)).count("distribution.completed") == 1
    dispatch_at(now + timedelta(minutes=31))
    assert short_types(read_all(organization)).count("distribution.completed") == 2


def write_one(organization_id: UUID, number: int) -> None:
    write_bundles([NewBundle(EventType.IMPORT_FINISHED, organization_id, details={"number": number})])


def test_after_a_restore_no_id_and_no_place_is_given_again(organization: Organization) -> None:
    write_one(organization.pk, 1)
    before = read_events(organization.pk, Cursor(), 10, Filter())
    skip_used_event_numbers()
    write_one(organization.pk, 2)
    after = read_events(organization.pk, before.next, 10, Filter())
    assert [event.data["number"] for event in after.events] == [2]
    # Partitions that began after the backup have ids far above the last one that the database knows.
    assert after.events[0].bundle_id > before.events[0].bundle_id + 99 * WIDTH
    assert after.next.position > before.next.position + 900_000_000


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_committed_late_is_read_late_and_not_missed(organization: Organization) -> None:
    written, may_commit = Signal(), Signal()

    def write_slowly() -> None:
        with transaction.atomic():
            write_one(organization.pk, 1)
            written.set()
            assert may_commit.wait(10)

    def read_between() -> list[int]:
        assert written.wait(10)
        write_one(organization.pk, 2)  # a larger id, and committed first
        first = read_events(organization.pk, Cursor(), 10, Filter())
        may_commit.set()
        numbers = [event.data["number"] for event in first.events]
        while len(numbers) < 2:
            page = read_events(organization.pk, first.next, 10, Filter())
            numbers += [event.data["number"] for event in page.events]
        return numbers

    assert run_together([write_slowly, read_between])[1] == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_a_reader_beside_four_writers_misses_nothing_and_repeats_nothing(organization: Organization) -> None:
    writers, rows, subjects = 4, 40, 60

    def write() -> Counter[int]:
        for number in range(rows):
            with transaction.atomic():
                ids = list(range(subjects))
                bundle = NewBundle(EventType.ACCEPTED, organization.pk, subject_ids=ids)
                write_bundles([bundle, NewBundle(EventType.IMPORT_FINISHED, organization.pk, details={"n": number})])
        return Counter()

    def read() -> Counter[int]:
        seen: Counter[int] = Counter()
        cursor = Cursor()
        while seen.total() < writers * rows * (subjects + 1):
            page = read_events(organization.pk, cursor, 1_000, Filter())
            seen.update((event.bundle_id << 16) + event.place for event in page.events)
            cursor = page.next
        return seen

    seen = run_together([read, *[write] * writers])[0]
    assert len(seen) == seen.total() == writers * rows * (subjects + 1)
    assert not read_events(organization.pk, Cursor(), 1, Filter(since=database_now())).events
