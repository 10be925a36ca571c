"""Partitions are dropped when nothing in them is kept, and only then."""

from datetime import timedelta

import pytest
from django.db.models import F

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import start_retry
from distributor.engine.privacy import old_partitions, upkeep
from distributor.engine.privacy.retention import delete_due
from distributor.models import Attempt, Distribution, EventBundle, Recipient, RetentionRun
from distributor.partitions import changes
from distributor.partitions.catalogue import Partition, last_id, read_value
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PartitionedTable
from distributor.rules.journey.manual_retry import RetrySelection
from tests.engine.conftest import Send
from tests.engine.partitions.conftest import Pass
from tests.support.engine.partitions import assert_every_key_has_a_partition, count_rows, current, names
from tests.support.engine.people import dispatch, given

pytestmark = pytest.mark.django_db
DAY, MONTH = timedelta(days=1), timedelta(days=31)


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
    """An operator retries recipients of a year ago."""
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


def test_what_belongs_to_no_account_is_kept(send: Send, let_pass: Pass, kept_for_a_year: Organization) -> None:
    old, _ = grow_old(send, let_pass)
    Attempt.objects.filter(recipient_id__lt=old.upper).update(provider_account_id=new_id())
    assert old_partitions.find_old(ATTEMPTS, old, database_now()) is None
