"""What an organisation keeps no longer is deleted; counts, open journeys and rows of other organisations stay."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy import retention
from distributor.engine.privacy.retention import count_expired, delete_next_chunk
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Attempt, Distribution, ProviderEvent, Recipient, Response, RetentionRun
from distributor.rules.requests import LinkType
from distributor.tasks import retention as retention_task
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, events_of, totals_of
from tests.support.engine.provider_events import event_of, report_events

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)
TABLES: dict[str, tuple[type[Model], str]] = {
    "events": (ProviderEvent, "received_at"),
    "attempts": (Attempt, "ended_at"),
    "responses": (Response, "submitted_at"),
    "sandbox": (SandboxMessage, "received_at"),
}


@pytest.fixture
def kept(organization: Organization) -> Organization:
    """ACME keeps everything for 30 days, and contacts for 400."""
    for kind in TABLES:
        setattr(organization, f"keep_{kind}_days", 30)
    organization.keep_contacts_days = 400
    organization.save()
    return organization


def age_everything(by: timedelta) -> None:
    for model, column in TABLES.values():
        for row in model._default_manager.all():
            model._default_manager.filter(pk=row.pk).update(**{column: getattr(row, column) - by})


def sizes() -> dict[str, int]:
    return {kind: model._default_manager.count() for kind, (model, _) in TABLES.items()}


def run_all() -> None:
    RetentionRun.objects.update(due_at=database_now())
    retention_task()
    while delete_next_chunk(database_now()):
        pass


def people(send: Send, accounts: dict[Channel, ProviderAccount], count: int = 3) -> Any:
    accepted = send(count)
    dispatch()
    report_events(accounts[Channel.EMAIL], *(event_of(accepted, EventKind.DELIVERED, place) for place in range(count)))
    for recipient in accepted.recipients:
        record_response(recipient.code, {"score": 9}, database_now())
    return accepted


def test_what_is_older_is_deleted_and_the_counts_stay(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization
) -> None:
    accepted = people(send, accounts)
    before, totals = Distribution.objects.values().get(), totals_of(accepted)
    run_all()
    assert sizes() == {"events": 3, "attempts": 3, "responses": 3, "sandbox": 3}
    age_everything(timedelta(days=31))
    assert count_expired(database_now()) == {**{kind: {"acme": 3} for kind in TABLES}, "audit": {}, "contacts": {}}
    run_all()
    assert sizes() == {"events": 0, "attempts": 0, "responses": 0, "sandbox": 0}
    assert Distribution.objects.values().get() == before
    assert totals_of(accepted) == totals == {"sent": 3}
    assert events_of(accepted) == ["accepted", "opened", "responded"]
    assert RetentionRun.objects.get(kind="events").deleted_count == 3


def test_an_answered_link_stays_answered_and_an_old_event_changes_nothing(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization
) -> None:
    accepted = people(send, accounts)
    age_everything(YEAR)
    run_all()
    code = accepted.recipients[0].code
    assert find_link(code, database_now()) is not None
    with pytest.raises(LinkNotOpenError):
        record_response(code, {"score": 1}, database_now())
    report_events(accounts[Channel.EMAIL], event_of(accepted, EventKind.HARD_BOUNCED))
    assert totals_of(accepted) == {"sent": 3}


@pytest.mark.parametrize(("deleted", "numbers"), [(2, [3, 4, 5]), (3, [2, 3])])
def test_a_link_for_several_goes_on_counting_when_earlier_responses_are_deleted(
    send: Send, kept: Organization, deleted: int, numbers: list[int]
) -> None:
    accepted = send(1, link_type=LinkType.MULTIPLE)
    dispatch()
    code = accepted.recipients[0].code
    for score in range(3):
        record_response(code, {"score": score}, database_now())
    Response.objects.filter(ordinal__lte=deleted).update(submitted_at=database_now() - YEAR)
    run_all()
    for score in range(2):
        record_response(code, {"score": score}, database_now())
    assert sorted(Response.objects.values_list("ordinal", flat=True)) == numbers


def test_nothing_is_deleted_that_an_open_journey_needs(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization
) -> None:
    accepted = send(2, reminders=[(Channel.EMAIL, 60 * 24 * 60)])
    dispatch()
    report_events(accounts[Channel.EMAIL], *(event_of(accepted, EventKind.DELIVERED, place) for place in (0, 1)))
    record_response(accepted.recipients[1].code, {"score": 9}, database_now())
    age_everything(YEAR)
    Contact.objects.update(updated_at=database_now() - 2 * YEAR)
    Recipient.objects.update(created_at=database_now() - 2 * YEAR, first_sent_at=database_now() - 2 * YEAR)
    Recipient.objects.exclude(responded_at=None).update(
        responded_at=database_now() - 2 * YEAR, first_opened_at=database_now() - 2 * YEAR
    )
    run_all()
    assert Recipient.objects.filter(state="waiting").count() == 1
    assert sizes() == {"events": 1, "attempts": 1, "responses": 0, "sandbox": 0}
    assert Contact.objects.filter(erased_at=None).count() == 1


@pytest.mark.parametrize("field", ["is_preparing", "arming_count", "running_retry_count"])
def test_nothing_is_deleted_of_a_distribution_that_is_worked_on(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization, field: str
) -> None:
    people(send, accounts, 1)
    Distribution.objects.update(**({"follow_up_count": 1} if field == "arming_count" else {}), **{field: 1})
    age_everything(YEAR)
    run_all()
    assert sizes() == {"events": 1, "attempts": 1, "responses": 1, "sandbox": 0}


def test_inactive_contacts_are_erased(send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization) -> None:
    people(send, accounts, 2)
    old = database_now() - timedelta(days=401)
    Contact.objects.update(updated_at=old, created_at=old)
    Recipient.objects.update(created_at=old, first_sent_at=old, first_opened_at=old, responded_at=old)
    Recipient.objects.filter(pk=Recipient.objects.latest("pk").pk).update(responded_at=old + timedelta(days=2))
    run_all()
    assert [contact.erased_at is None for contact in Contact.objects.order_by("pk")] == [False, True]


def test_without_a_setting_everything_is_kept(send: Send, accounts: dict[Channel, ProviderAccount]) -> None:
    """Another organisation's setting is not ours."""
    other = Organization.objects.create(name="Other", slug="other", **{f"keep_{kind}_days": 2 for kind in TABLES})
    people(send, accounts)
    age_everything(YEAR)
    run_all()
    assert other.keep_events_days == 2
    assert sizes() == {"events": 3, "attempts": 3, "responses": 3, "sandbox": 3}


def test_a_pass_goes_on_where_the_last_chunk_ended(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(send, accounts, 5)
    age_everything(YEAR)
    kinds = {name: kind for name, kind in retention.KINDS.items() if name != "contacts"}
    object.__setattr__(kinds["attempts"], "chunk", 2)
    monkeypatch.setattr(retention, "KINDS", {"attempts": kinds["attempts"]})
    RetentionRun.objects.create(kind="attempts", due_at=database_now())
    left = []
    while delete_next_chunk(database_now()):
        left.append(Attempt.objects.count())
    object.__setattr__(kinds["attempts"], "chunk", retention.CHUNK)
    assert left == [3, 1, 0]
    assert RetentionRun.objects.get().due_at > database_now() + timedelta(hours=23)


def test_a_dry_run_counts_and_deletes_nothing(
    send: Send, accounts: dict[Channel, ProviderAccount], kept: Organization
) -> None:
    people(send, accounts)
    age_everything(YEAR)
    out = StringIO()
    call_command("retention", "--dry-run", stdout=out)
    assert out.getvalue().splitlines() == ["acme: 3 events", "acme: 3 attempts", "acme: 3 responses", "acme: 3 sandbox"]
    assert sizes()["events"] == 3
    call_command("retention", stdout=out)
    assert sum(sizes().values()) == 0
