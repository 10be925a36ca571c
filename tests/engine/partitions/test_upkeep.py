"""Partitions are made before they are needed, and dropped when nothing in them is kept."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import start_retry
from distributor.engine.privacy import old_partitions, upkeep
from distributor.engine.privacy.retention import delete_due
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.models import Attempt, Distribution, EventBundle, Recipient, RetentionRun
from distributor.partitions import changes
from distributor.partitions.catalogue import Partition, find_current, last_id, read_partitions, read_value
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PARTITIONED, WIDTH, PartitionedTable
from distributor.rules.journey.manual_retry import RetrySelection
from distributor.tasks import keep_partitions_in_order
from tests.engine.conftest import Send
from tests.engine.partitions.conftest import Pass
from tests.support.engine.people import dispatch, given, totals_of

pytestmark = pytest.mark.django_db
DAY, MONTH = timedelta(days=1), timedelta(days=31)


def current(table: PartitionedTable) -> Partition:
    partitions = read_partitions(table)
    place = find_current(table, partitions)
    assert place is not None
    return partitions[place]


def names(table: PartitionedTable) -> list[str]:
    return [partition.name for partition in read_partitions(table)]


def count_rows(name: str) -> int:
    return int(read_value(f"SELECT count(*) FROM {name}"))


def assert_every_key_has_a_partition(table: PartitionedTable) -> None:
    partitions = read_partitions(table)
    assert [partitions[0].lower, partitions[-1].upper] == [None, None]
    assert [each.upper for each in partitions[:-1]] == [each.lower for each in partitions[1:]]


@pytest.mark.parametrize("table", PARTITIONED)
def test_the_next_partition_is_made_before_it_begins(send: Send, let_pass: Pass, table: PartitionedTable) -> None:
    send(1)
    dispatch()
    before = current(table)
    assert names(table)[-1] != before.name
    let_pass(MONTH)
    assert current(table).name != before.name
    assert names(table)[-1] != current(table).name
    assert_every_key_has_a_partition(table)


def test_what_is_accepted_after_it_has_begun_belongs_to_it(send: Send, let_pass: Pass) -> None:
    before = send(1)
    dispatch()
    let_pass(MONTH)
    after = send([given(7)])
    dispatch()
    assert totals_of(before) == totals_of(after) == {"sent": 1}
    assert current(ATTEMPTS).holds(Recipient.objects.latest("pk").pk)
    assert count_rows(current(ATTEMPTS).name) == 1
    assert count_rows(current(EVENT_BUNDLES).name) == 2  # accepted and sent


def test_a_partition_that_is_not_over_goes_on(send: Send, let_pass: Pass) -> None:
    send(1)
    dispatch()
    before = {table: (current(table).name, last_id(table)) for table in PARTITIONED}
    let_pass(4 * DAY)
    assert {table: (current(table).name, last_id(table)) for table in PARTITIONED} == before


def test_no_more_are_begun_than_are_planned_fast(send: Send, let_pass: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    send(1)
    monkeypatch.setattr(upkeep, "MOST_PARTITIONS", len(read_partitions(ATTEMPTS)))
    before = current(ATTEMPTS).name
    let_pass(MONTH)
    assert current(ATTEMPTS).name == before


def test_sends_go_on_where_nobody_has_made_a_partition(send: Send) -> None:
    """Ids have gone beyond every partition that was made: the last one has no end. Then beat comes back."""
    beyond = (read_partitions(ATTEMPTS)[-1].lower or 0) + 5 * WIDTH
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('distributor_recipient', 'id'), %s)", [beyond])
    accepted = send(3)
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    tail = names(ATTEMPTS)[-1]
    keep_partitions(database_now())
    assert current(ATTEMPTS).name == tail
    assert names(ATTEMPTS)[-1] != tail
    assert_every_key_has_a_partition(ATTEMPTS)
    assert Attempt.objects.filter(recipient_id__gt=beyond).count() == 3


def test_beginning_twice_gives_no_id_again(send: Send, let_pass: Pass) -> None:
    send(1)
    let_pass(MONTH)
    send([given(7)])
    last = last_id(ATTEMPTS)
    changes.begin(ATTEMPTS, current(ATTEMPTS))
    assert last_id(ATTEMPTS) == last


def test_a_new_partition_is_stored_like_the_one_before_it(send: Send, let_pass: Pass) -> None:
    tail = names(ATTEMPTS)[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {tail} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)")
    changes.make_ahead(ATTEMPTS)
    made = names(ATTEMPTS)[-1]
    assert made != tail
    options = "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE relname = %s"
    assert read_value(options, made) == "fillfactor=80, autovacuum_vacuum_scale_factor=0.05"
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass"
    assert read_value(indexes, made) == read_value(indexes, "distributor_attempt") == 3


def grow_old(send: Send, let_pass: Pass) -> tuple[Partition, object]:
    """A closed partition with three attempts of 400 days ago, and a current one with one of two days ago."""
    accepted = send(3)
    dispatch()
    old = current(ATTEMPTS)
    let_pass(398 * DAY)
    send([given(7)])
    dispatch()
    assert not old.holds(last_id(ATTEMPTS))
    return old, accepted


def test_a_partition_of_which_nothing_is_kept_is_dropped(
    send: Send, let_pass: Pass, kept_for_a_year: Organization
) -> None:
    old, accepted = grow_old(send, let_pass)
    counts = Distribution.objects.filter(pk=accepted.distribution.pk).values().get()  # type: ignore[attr-defined]
    let_pass(2 * DAY)
    assert old.name not in names(ATTEMPTS)
    assert read_value("SELECT to_regclass(%s)::text", old.name) is None
    assert Attempt.objects.count() == 1
    assert_every_key_has_a_partition(ATTEMPTS)
    assert Distribution.objects.filter(pk=counts["id"]).values().get() == counts
    assert RetentionRun.objects.get(kind=upkeep.RUNS[ATTEMPTS]).finished_at is not None


def test_a_dropped_range_still_takes_attempts(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    """Somebody sends again to recipients of long ago."""
    old, _ = grow_old(send, let_pass)
    let_pass(2 * DAY)
    assert old.name not in names(ATTEMPTS)
    first = Recipient.objects.order_by("pk").first()
    assert first is not None
    row = Attempt.objects.get()
    row.recipient_id, row.number = first.pk, 2
    row.save(force_insert=True)
    assert Attempt.objects.count() == 2


def test_partitions_are_dropped_one_after_the_other(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    for number in range(4):
        send([given(number)])
        dispatch()
        let_pass(MONTH)
    closed = {name for name in names(ATTEMPTS) if count_rows(name)}
    assert len(closed) == 4
    send([given(7)])
    let_pass(400 * DAY)
    left = names(ATTEMPTS)
    assert not closed & set(left)
    # One empty partition has the ranges of all of them. It stays.
    assert count_rows(left[0]) == 0
    let_pass(2 * DAY)
    assert names(ATTEMPTS)[0] == left[0]
    assert_every_key_has_a_partition(ATTEMPTS)


def test_an_organisation_that_keeps_longer_keeps_the_partition(
    send: Send, let_pass: Pass, kept_for_a_year: Organization, accounts: dict[Channel, ProviderAccount]
) -> None:
    other = Organization.objects.create(name="Other", slug="other", keep_attempts_days=500)
    account = ProviderAccount.objects.create(organization=other, name="Other", kind="sandbox", channel=Channel.SMS)
    old, _ = grow_old(send, let_pass)
    theirs = Attempt.objects.order_by("pk").first()
    assert theirs is not None
    Attempt.objects.filter(pk=theirs.pk).update(provider_account_id=account.pk)
    let_pass(2 * DAY)
    assert old.name in names(ATTEMPTS)
    # What others keep no longer is deleted in pieces, as before there were partitions.
    RetentionRun.objects.update(due_at=database_now())
    while delete_due(database_now):
        pass
    assert list(Attempt.objects.filter(recipient_id__lt=old.upper).values_list("pk", flat=True)) == [theirs.pk]
    let_pass(101 * DAY)
    assert old.name not in names(ATTEMPTS)


def test_an_open_journey_keeps_the_partition(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    send(2, reminders=[(Channel.EMAIL, 60 * 24 * 60)])
    dispatch()
    assert Recipient.objects.filter(state="waiting").count() == 2
    old = current(ATTEMPTS)
    let_pass(398 * DAY)
    send([given(7)])
    let_pass(2 * DAY)
    assert old.name in names(ATTEMPTS)
    assert Attempt.objects.count() == 2


def test_a_manual_retry_keeps_the_partition(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    accepted = send(2)
    dispatch()
    old = current(ATTEMPTS)
    let_pass(398 * DAY)
    send([given(7)])
    start_retry(accepted.distribution.pk, RetrySelection(), "a test", database_now())
    let_pass(2 * DAY)
    assert old.name in names(ATTEMPTS)


def test_what_changes_before_the_lock_is_had_keeps_the_partition(
    send: Send, let_pass: Pass, kept_for_a_year: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = grow_old(send, let_pass)
    drop = changes.drop

    def send_again_and_drop(table: PartitionedTable, name: str, is_still_old: object) -> bool:
        batch = Recipient.objects.latest("pk").batch
        batch.pk = new_id()
        batch.save(force_insert=True)
        Recipient.objects.filter(pk__lt=old.upper).update(batch=batch)
        return drop(table, name, is_still_old)  # type: ignore[arg-type]

    monkeypatch.setattr(upkeep, "drop", send_again_and_drop)
    let_pass(2 * DAY)
    assert old.name in names(ATTEMPTS)
    assert Attempt.objects.count() == 4


def test_without_a_setting_nothing_is_dropped(send: Send, let_pass: Pass, organization: Organization) -> None:
    old, _ = grow_old(send, let_pass)
    let_pass(2 * DAY)
    assert old.name in names(ATTEMPTS)


def test_rows_of_a_closed_partition_wait_for_its_end(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    """For a tenth of the days, and only if nobody keeps much more."""
    grow_old(send, let_pass)
    Attempt.objects.filter(recipient_id__lt=current(ATTEMPTS).lower).update(
        ended_at=F("ended_at") + 10 * DAY
    )  # 388 days ago

    def pieces(*, is_patient: bool) -> int:
        RetentionRun.objects.update(due_at=database_now())
        while delete_due(database_now, is_patient=is_patient):
            pass
        return Attempt.objects.count()

    assert pieces(is_patient=True) == 4
    Organization.objects.create(name="Other", slug="other", keep_attempts_days=1000)
    assert pieces(is_patient=True) == 1


def test_an_impatient_pass_leaves_no_row_to_a_drop(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    grow_old(send, let_pass)
    delete_due(database_now, is_patient=False)
    assert Attempt.objects.count() == 1


def test_events_leave_with_their_partition(send: Send, let_pass: Pass) -> None:
    send(1)
    dispatch()
    old = current(EVENT_BUNDLES)
    let_pass(6 * DAY)
    send([given(7)])
    let_pass(23 * DAY)
    assert old.name in names(EVENT_BUNDLES)
    let_pass(2 * DAY)
    assert old.name not in names(EVENT_BUNDLES)
    assert EventBundle.objects.count() == 1
    assert_every_key_has_a_partition(EVENT_BUNDLES)


def test_the_task_does_it(send: Send, let_pass: Pass) -> None:
    send(1)
    Recipient.objects.update(created_at=database_now() - MONTH)
    before = current(ATTEMPTS).name
    keep_partitions_in_order()
    assert current(ATTEMPTS).name != before


def test_what_belongs_to_no_account_is_kept(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    old, _ = grow_old(send, let_pass)
    Attempt.objects.filter(recipient_id__lt=old.upper).update(provider_account_id=new_id())
    assert old_partitions.find_old(ATTEMPTS, old, database_now()) is None
