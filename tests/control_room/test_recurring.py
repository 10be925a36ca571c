"""Recurring sends in the control room: start one in the wizard, pause, resume, run now and skip once."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization, OrganizationMember
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring, start_due
from distributor.engine.schedule.recurring_control import next_occurrences, run_now, skip_occurrence, switch_recurring
from distributor.models import AuditEntry, Distribution, Occurrence, RecurringDistribution, RecurringStep, Survey
from tests.support.operators import member, signed_in
from tests.support.send_wizard import RULES, Wizard, to_check
from tests.support.strict_pages import strictness_faults

MONDAYS: dict[str, Any] = {"when": "recurring", "repeats": "weekly", "weekdays": ["mon"], "time_of_day": "09:00"}
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 9 o'clock in Warsaw


@pytest.fixture
def weekly(
    organization: Organization,
    survey: Survey,
    audience: MailingList,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> RecurringDistribution:
    row = RecurringDistribution(
        organization=organization, name="Weekly", survey=survey, mailing_list=audience, cron="0 9 * * mon"
    )
    save_recurring(row, database_now())
    RecurringStep.objects.create(
        recurring=row, provider_account=accounts[Channel.EMAIL], template=templates[Channel.EMAIL]
    )
    return row


def page_of(client: Client, row: RecurringDistribution, act: str = "") -> str:
    return unescape(client.get(f"/admin/recurring/{row.pk}/{act}").content.decode())


def act(client: Client, row: RecurringDistribution, name: str, **fields: Any) -> Any:
    return client.post(f"/admin/recurring/{row.pk}/{name}/", fields)


def test_the_wizard_starts_a_recurring_send_once(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    chosen = {"audience": "list", "mailing_list": audience.pk}
    wizard = to_check(operator, survey, steps, chosen, {**MONDAYS, "links_expire_after_days": "14"})
    assert wizard.name == "check", wizard.page
    assert wizard.page.count(" 09:00</li>") == 5
    assert "2 people in the audience." in wizard.page
    assert RecurringDistribution.objects.count() == 0
    form = {**wizard.hidden, "go": "send"}
    first, second = operator.post("/admin/send/", form), operator.post("/admin/send/", form)
    row = RecurringDistribution.objects.get()
    assert first["Location"] == second["Location"] == f"/admin/recurring/{row.pk}/"
    assert (row.name, row.cron, row.mode, row.links_expire_after_days) == ("March", "0 9 * * mon", "multi", 14)
    assert [(step.priority, step.fallback_delay_minutes) for step in row.steps.all()] == [(1, 1440), (2, None)]
    assert row.next_at is not None
    assert row.next_at > timezone.now()
    assert AuditEntry.objects.get(object_id=str(row.pk)).action == "created"
    assert Distribution.objects.count() == 0


def test_what_recurring_sends_cannot_do_is_told_all_at_once(
    operator: Client, survey: Survey, steps: dict[str, Any]
) -> None:
    reminder = {"kind_2": "reminder", "delay_2": "1", "unit_2": "days", "subject_1": "Hello", "stops_on": "opened"}
    people = {"audience": "people", "people": "ann@example.com"}
    wizard = to_check(operator, survey, {**steps, **reminder}, people, MONDAYS)
    assert wizard.name == "audience"
    assert "A recurring send goes to a list" in wizard.page
    audience = MailingList.objects.create(organization=survey.organization, name="Ward C")
    wizard.go(audience="list", mailing_list=audience.pk).go(**steps).go(**MONDAYS)
    wizard.go(**{**RULES, "link_type": "multiple", "throttle": "2", "throttle_unit": "days"})
    assert wizard.name == "rules"
    assert "Links of a recurring send are used once." in wizard.page
    assert "A recurring send has the rule of its survey." in wizard.page
    wizard.go("when", **RULES).go("messages", **MONDAYS).go(**{**steps, **reminder}).go(**MONDAYS).go(**RULES)
    assert wizard.name == "messages"
    for told in ("has invitations only", "has the subjects of its templates", "Only a response stops"):
        assert told in wizard.page


def test_a_faulty_schedule_is_told_on_its_page(
    operator: Client, survey: Survey, steps: dict[str, Any], audience: MailingList
) -> None:
    wizard = Wizard(operator, when="recurring").go(survey=survey.pk).go(audience="list", mailing_list=audience.pk)
    wizard.go(**steps)
    assert re.search(r'value="recurring"[^>]* checked', wizard.page)
    assert 'name="time_of_day" value="09:00"' in wizard.page
    wizard.go(when="recurring", repeats="weekly", time_of_day="")
    assert "Say at which time" in wizard.page
    assert "Choose at least one day." in wizard.page
    wizard.go(when="recurring", repeats="cron", cron="0 9 * * someday")
    assert "Not a cron expression: day of week: “someday” is not valid." in wizard.page
    wizard.go(when="recurring", repeats="monthly", time_of_day="9:30", day="31", not_after="2030-01-01T00:00")
    assert "A recurring send has no such time." in wizard.page
    wizard.go(when="recurring", repeats="monthly", time_of_day="9:30", day="31").go(**RULES).go("send")
    assert RecurringDistribution.objects.get().cron == "30 9 31 * *"


def test_its_page_shows_what_comes_next_and_what_came(
    operator: Client, weekly: RecurringDistribution, django_assert_max_num_queries: Any
) -> None:
    assert weekly.next_at is not None
    start_due(weekly.next_at + timedelta(seconds=1))
    weekly.refresh_from_db()
    with django_assert_max_num_queries(12):
        answer = operator.get(f"/admin/recurring/{weekly.pk}/")
    page = unescape(answer.content.decode())
    assert not strictness_faults(answer, "recurring")
    assert "Europe/Warsaw" in page
    first, *_others = next_occurrences(weekly, timezone.now(), 5)[1:]
    assert f"{timezone.localtime(first, ZoneInfo('Europe/Warsaw')):%Y-%m-%d} 09:00" in page
    assert str(Distribution.objects.get().pk) in page
    assert "Weekly" in operator.get("/admin/recurring/").content.decode()


def test_pause_and_resume(operator: Client, weekly: RecurringDistribution) -> None:
    act(operator, weekly, "pause")
    act(operator, weekly, "pause")
    weekly.refresh_from_db()
    assert (weekly.is_active, weekly.next_at) == (False, None)
    assert "Paused: nothing is sent." in page_of(operator, weekly)
    act(operator, weekly, "resume")
    weekly.refresh_from_db()
    assert weekly.is_active
    assert weekly.next_at is not None
    entries = AuditEntry.objects.filter(object_id=str(weekly.pk)).order_by("id")
    assert list(entries.values_list("action", flat=True)) == ["paused", "resumed"]


def test_a_doubled_skip_skips_once(operator: Client, weekly: RecurringDistribution) -> None:
    skipped = weekly.next_at
    assert skipped is not None
    for _ in range(2):
        act(operator, weekly, "skip", occurs_at=skipped.isoformat())
    weekly.refresh_from_db()
    assert weekly.next_at is not None
    assert timedelta(days=6) < weekly.next_at - skipped < timedelta(days=8)
    occurrence = Occurrence.objects.get()
    assert (occurrence.occurs_at, occurrence.fault, occurrence.distribution) == (
        skipped,
        "Skipped by an operator.",
        None,
    )
    assert "Skipped by an operator." in page_of(operator, weekly)
    assert start_due(skipped + timedelta(seconds=1)) == []
    for text in ("", "yesterday", "2026-03-02T09:00:00", "9999-99-99T99:99:99Z"):
        assert act(operator, weekly, "skip", occurs_at=text).status_code == 302
    assert Occurrence.objects.count() == 1


def test_skipping_shows_the_occurrences_after_it(weekly: RecurringDistribution) -> None:
    switch_recurring(weekly.pk, SYSTEM, MONDAY - timedelta(hours=1), is_active=False)
    weekly = switch_recurring(weekly.pk, SYSTEM, MONDAY - timedelta(hours=1), is_active=True)
    assert weekly.next_at == MONDAY
    assert skip_occurrence(weekly.pk, MONDAY, SYSTEM, MONDAY - timedelta(hours=1))
    weekly.refresh_from_db()
    assert weekly.next_at == MONDAY + timedelta(weeks=1)


def test_run_now_asks_first_and_sends_once(operator: Client, weekly: RecurringDistribution) -> None:
    page = page_of(operator, weekly, "run/")
    assert "<strong>2\n</strong>" in page
    assert Distribution.objects.count() == 0
    key = page.partition('name="key" value="')[2].partition('"')[0]
    before = weekly.next_at
    first, second = act(operator, weekly, "run", key=key), act(operator, weekly, "run", key=key)
    row = Distribution.objects.get()
    assert first["Location"] == second["Location"] == f"/admin/distributor/distribution/{row.pk}/change/"
    assert (row.source, row.accepted_count) == ("recurring", 2)
    weekly.refresh_from_db()
    assert weekly.next_at == before
    assert Occurrence.objects.get().distribution == row


def test_run_now_says_what_cannot_be_used(operator: Client, weekly: RecurringDistribution) -> None:
    ProviderAccount.objects.update(is_active=False)
    page = unescape(act(operator, weekly, "run", key="0194c4f0-3c2b-7e44-9f10-1a2b3c4d5e6f").content.decode())
    assert "The account of message 1 was switched off." in page
    assert act(operator, weekly, "run", key="nothing").status_code == 200  # asks again
    assert Distribution.objects.count() == 0


def test_an_occurrence_may_be_due_at_the_moment_of_a_run(weekly: RecurringDistribution) -> None:
    assert weekly.next_at is not None
    run_now(weekly.pk, weekly.pk, SYSTEM, weekly.next_at - timedelta(seconds=1))
    assert len(start_due(weekly.next_at)) == 1


def test_viewers_look_and_strangers_see_nothing(
    operator: Client, organization: Organization, weekly: RecurringDistribution
) -> None:
    viewer = signed_in(member(organization, "viewer", "vic"))
    stranger = signed_in(member(Organization.objects.create(name="Birch", slug="birch"), "manager", "bob"))
    assert viewer.get(f"/admin/recurring/{weekly.pk}/").status_code == 200
    assert "Pause" not in page_of(viewer, weekly)
    for name in ("pause", "resume", "skip", "run"):
        assert act(viewer, weekly, name).status_code == 403
        assert act(stranger, weekly, name).status_code == 404
    assert viewer.get(f"/admin/recurring/{weekly.pk}/run/").status_code == 403
    assert stranger.get(f"/admin/recurring/{weekly.pk}/").status_code == 404
    assert "Weekly" not in stranger.get("/admin/recurring/").content.decode()
    assert act(operator, weekly, "explode").status_code == 404
    OrganizationMember.objects.all().delete()
    assert operator.get("/admin/recurring/").status_code == 403
    weekly.refresh_from_db()
    assert weekly.is_active


def test_the_list_counts_no_further_than_it_shows(
    operator: Client, weekly: RecurringDistribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Contact.objects.create(organization=weekly.organization, email="p3@example.com")
    Membership.objects.create(mailing_list=weekly.mailing_list, contact=person)
    monkeypatch.setattr("distributor.control_room.sends.recurring.ON_A_PAGE", 2)
    assert "more than 2" in operator.get("/admin/recurring/").content.decode()
