"""The page of a distribution: what it says, what its buttons do, who may see and press them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.account_state.buckets import break_account
from channels.models import Pace, ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization, OrganizationMember
from distributor.engine.control import cancel, pause
from distributor.engine.infrastructure.clock import database_now
from distributor.models import (
    AuditEntry,
    Batch,
    Distribution,
    Expansion,
    Handover,
    ManualRetry,
    Recipient,
    Response,
    Step,
    Survey,
)
from tests.admin.conftest import anna, carla, distribution, operator, person, response, send, user
from tests.support.admin_pages import act, address, listed
from tests.support.engine.people import dispatch, run_retries

__all__ = ["anna", "carla", "distribution", "operator", "response", "user"]


def page_of(client: Client, row: Distribution, **query: Any) -> str:
    answer = client.get(address(row, "change", **query))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def sentence_of(client: Client, row: Distribution) -> str:
    fragment = client.get(address(row, "change", fragment="progress")).content.decode()
    return fragment.partition("<strong>")[2].partition("</strong>")[0]


def deed(row: Distribution, name: str) -> str:
    return f"/admin/distributor/distribution/{row.pk}/{name}"


def signed_in(organization: Organization, role: str) -> Client:
    member = User.objects.create_user(f"member-{role}-{organization.slug}", is_staff=True)
    OrganizationMember.objects.create(organization=organization, user=member, role=role)
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def later(survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> Distribution:
    """Two people who are sent to tomorrow."""
    people = [person("eva"), person("filip")]
    return send(
        survey, accounts[Channel.EMAIL], templates[Channel.EMAIL], people, delay=timedelta(days=1), name="Later"
    )


def test_the_page_tells_what_happened_in_the_providers_words(
    operator: Client, distribution: Distribution, response: Response
) -> None:
    page = page_of(operator, distribution)
    assert "Accepted: 4." in page
    assert "1 reached" in page
    assert "550 The sandbox refuses this address." in page
    assert "skipped: the contact opted out" in page
    assert "1 person responded, 100 % of those reached." in page
    assert "Kind people" in page
    assert address(Recipient, "changelist", distribution=distribution.pk) in page.replace("&amp;", "&")
    assert "Retry these 1" in page
    assert "carla" not in sentence_of(operator, distribution)


def test_the_steps_have_a_funnel_each(operator: Client, distribution: Distribution) -> None:
    data = operator.get(address(distribution, "change")).context["data"]
    [step] = data.counted_steps
    assert [count for _label, count in step.stages] == [3, 1, 0, 0, 0]
    assert [count for _label, count in data.stages] == [4, 1, 0, 0]


def test_the_page_takes_few_queries(operator: Client, distribution: Distribution, response: Response) -> None:
    """Seven of them are of the frame: session, user, second factor, organisations, time."""
    page_of(operator, distribution)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(operator, distribution)
    assert len(queries) <= 34, "\n".join(query["sql"][:150] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        sentence_of(operator, distribution)
    assert len(queries) <= 10, "\n".join(query["sql"][:150] for query in queries)


def test_a_large_distribution_is_counted_when_asked(
    operator: Client, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributor.control_room.distribution.data.COUNTED_AT_ONCE", 3)
    page = page_of(operator, distribution)
    assert "The sandbox refuses" not in page
    assert "?count=all" in page
    assert "The sandbox refuses" in page_of(operator, distribution, count="all")


class TestSentences:
    """What moves, what is held, what waits and what is stuck are told apart; all of it is `sending` for callers."""

    def test_of_people_who_wait_for_a_retry(self, operator: Client, distribution: Distribution) -> None:
        Handover.objects.all().delete()
        Batch.objects.filter(state="waiting").update(due_at=database_now() + timedelta(hours=1))
        assert sentence_of(operator, distribution).startswith("Waiting: 1 person is sent to later, at ")

    def test_of_people_who_are_being_sent_to(self, operator: Client, distribution: Distribution) -> None:
        Batch.objects.filter(state="waiting").update(due_at=database_now())
        assert sentence_of(operator, distribution).startswith("Sending ")
        Handover.objects.all().delete()
        assert sentence_of(operator, distribution) == "Sending. 1 person waits."

    def test_of_an_account_that_does_not_answer(self, operator: Client, distribution: Distribution) -> None:
        account = distribution.steps.get().provider_account
        break_account(account.pk, "connection refused", database_now())
        Pace.objects.update(is_unreachable=True, failing_since="2026-03-01T22:28:00Z")
        Batch.objects.filter(state="waiting").update(
            held_by=account.pk, last_error="has not answered", due_at=database_now() + timedelta(minutes=1)
        )
        told = sentence_of(operator, distribution)
        assert (
            told == f"Held: {account.name} is unreachable since 2026-03-01 23:28: “connection refused”. 1 person waits."
        )
        ProviderAccount.objects.update(is_active=False)
        assert sentence_of(operator, distribution) == f"Held: {account.name} is switched off. 1 person waits."

    def test_of_our_own_failures(self, operator: Client, distribution: Distribution) -> None:
        waiting = Batch.objects.filter(state="waiting")
        waiting.update(last_error="KeyError('ward')", claims=3)
        assert "Stuck: sending has failed 3 times without progress" in sentence_of(operator, distribution)
        assert "KeyError(&#x27;ward&#x27;)" in page_of(operator, distribution)
        waiting.update(last_error="", claims=0, due_at=database_now() - timedelta(minutes=9))
        assert "no worker takes them" in sentence_of(operator, distribution)
        Expansion.objects.create(
            distribution=distribution, contact_ids=[], is_sent=True, due_at=database_now(), failures=3,
            last_error="ValueError('odd')",
        )  # fmt: skip
        assert "Stuck: bringing it to its recipients fails" in sentence_of(operator, distribution)
        assert "failed 3 times" in page_of(operator, distribution)

    def test_of_a_reminder(self, operator: Client, distribution: Distribution) -> None:
        """Everybody has the message. For people that is sent, and not under way."""
        invitation = distribution.steps.get()
        reminder = Step.objects.create(
            distribution=distribution, position=1, kind="reminder", delay_minutes=1440, channel=invitation.channel,
            provider_account=invitation.provider_account, template=invitation.template,
        )  # fmt: skip
        Batch.objects.filter(state="waiting").update(step=reminder, due_at="2999-03-01T08:00:00Z")
        told = sentence_of(operator, distribution)
        assert told == "Waiting: 1 person has the message and waits for a reminder at 2999-03-01 09:00."
        rows = operator.get(address(Distribution, "changelist")).content.decode()
        assert "waiting for a reminder" in rows
        assert listed(operator, Distribution, status="reminder") == [distribution]

    def test_of_the_ends(self, operator: Client, distribution: Distribution, later: Distribution) -> None:
        assert sentence_of(operator, later).startswith("Scheduled: begins at ")
        pause(later.pk, database_now())
        assert sentence_of(operator, later).endswith("2 people wait.")
        cancel(later.pk, database_now())
        assert sentence_of(operator, later).startswith("Cancelled at ")
        Batch.objects.update(due_at=database_now())
        ProviderAccount.objects.update(configuration={})
        dispatch()
        assert sentence_of(operator, distribution) == "Completed: 2 of 3 were reached, 0 responded."

    def test_in_polish(self, operator: Client, later: Distribution) -> None:
        page = operator.get(address(later, "change"), headers={"accept-language": "pl"}).content.decode()
        assert "Zaplanowana: zaczyna się" in page
        assert "Scheduled" not in page


class TestButtons:
    def test_pause_and_resume(self, operator: Client, later: Distribution) -> None:
        operator.post(deed(later, "pause/"))
        assert Distribution.objects.get(pk=later.pk).paused_at is not None
        operator.post(deed(later, "resume/"))
        assert Distribution.objects.get(pk=later.pk).paused_at is None
        deeds = AuditEntry.objects.exclude(action="logged_in").order_by("pk")
        assert list(deeds.values_list("action", "actor_name")) == [("paused", "olga"), ("resumed", "olga")]

    def test_reschedule_takes_the_organisations_time(self, operator: Client, later: Distribution) -> None:
        assert 'type="datetime-local"' in operator.get(deed(later, "reschedule/")).content.decode()
        operator.post(deed(later, "reschedule/"), {"scheduled_at": "2999-07-01T09:00"})
        later.refresh_from_db()
        assert later.scheduled_at is not None
        assert later.scheduled_at.isoformat() == "2999-07-01T07:00:00+00:00"  # Warsaw, in summer
        assert set(Batch.objects.values_list("due_at", flat=True)) == {later.scheduled_at}
        assert "field-error" not in operator.post(deed(later, "reschedule/"), {"scheduled_at": "soon"}).content.decode()

    def test_retry_of_one_reason(self, operator: Client, distribution: Distribution) -> None:
        group = {"outcome": "failed", "reason": "refused", "channel": "email"}
        operator.post(deed(distribution, "retry/"), group | {"code": "551"})
        assert not ManualRetry.objects.exists()
        operator.post(deed(distribution, "retry/"), group | {"code": "550"})
        run_retries()
        distribution.refresh_from_db()
        assert (distribution.failed_count, ManualRetry.objects.get().source) == (0, "operator olga")
        assert LogEntry.objects.get().get_change_message() == "Sent again."
        assert "operator olga, 1 person" in page_of(operator, distribution)

    def test_cancel_counts_what_it_ends_and_asks(self, operator: Client, later: Distribution) -> None:
        page = operator.get(deed(later, "cancel/")).content.decode()
        assert "2 people who wait" in page
        assert "2 links that are open" in page
        assert Distribution.objects.get(pk=later.pk).cancelled_at is None
        operator.post(deed(later, "cancel/"))
        assert Distribution.objects.get(pk=later.pk).cancelled_at is not None
        assert "is over (cancelled)" in operator.post(deed(later, "pause/"), follow=True).content.decode()

    def test_cancelling_several_is_asked_too(
        self, operator: Client, distribution: Distribution, later: Distribution
    ) -> None:
        page = act(operator, "cancel_selected", distribution, later)
        assert "ends 3 people" in page
        assert not Distribution.objects.exclude(cancelled_at=None).exists()
        form = {"action": "cancel_selected", "cancel_confirmed": "yes", "_selected_action": [distribution.pk, later.pk]}
        operator.post(address(Distribution, "changelist"), form)
        assert not Distribution.objects.filter(cancelled_at=None).exists()

    def test_a_clone_is_made_once_however_often_one_clicks(self, operator: Client, later: Distribution) -> None:
        form = operator.get(deed(later, "clone/")).context["form"]
        asked = {"row": form["row"].value(), "name": "Again", "scheduled_at": "2999-01-01T09:00"}
        for _click in range(2):
            answer = operator.post(deed(later, "clone/"), asked)
            cloned = Distribution.objects.get(name="Again")
            assert answer["Location"] == address(cloned, "change")
        assert (cloned.accepted_count, cloned.source, cloned.is_test) == (2, "admin", False)
        assert operator.post(deed(later, "clone/"), asked | {"row": "forged"}).status_code == 200
        assert Distribution.objects.count() == 2
        assert AuditEntry.objects.filter(action="cloned").count() == 2

    def test_a_clone_names_what_is_gone(self, operator: Client, later: Distribution) -> None:
        ProviderAccount.objects.update(is_active=False)
        form = operator.get(deed(later, "clone/")).context["form"]
        page = operator.post(deed(later, "clone/"), {"row": form["row"].value(), "name": "x"}).content.decode()
        assert "cannot be used any more: provider inactive" in page

    def test_a_reminder_is_added_once(
        self, operator: Client, distribution: Distribution, templates: dict[Channel, Template]
    ) -> None:
        form = operator.get(deed(distribution, "add-step/")).context["form"]
        step = distribution.steps.get()
        asked = {
            "row": form["row"].value(), "kind": "reminder", "account": step.provider_account_id,
            "template": step.template_id, "subject": "Still there?", "scheduled_at": "2999-01-01T09:00",
        }  # fmt: skip
        for _click in range(2):
            operator.post(deed(distribution, "add-step/"), asked)
        added = distribution.steps.get(kind="reminder")
        assert (added.subject, str(added.scheduled_at)) == ("Still there?", "2999-01-01 08:00:00+00:00")
        wrong = asked | {"row": form["row"].value(), "template": templates[Channel.SMS].pk}
        assert "This template is for sms" in operator.post(deed(distribution, "add-step/"), wrong).content.decode()


DEEDS = ("pause/", "resume/", "retry/", "reschedule/", "clone/", "add-step/", "cancel/")


def test_a_viewer_looks_and_changes_nothing(distribution: Distribution) -> None:
    viewer = signed_in(distribution.organization, "viewer")
    page = page_of(viewer, distribution)
    assert "Retry these" not in page
    assert deed(distribution, "cancel/") not in page
    for name in DEEDS:
        assert viewer.post(deed(distribution, name)).status_code == 403, name


def test_an_operator_of_the_organisation_may(distribution: Distribution) -> None:
    client = signed_in(distribution.organization, "operator")
    assert deed(distribution, "cancel/") in page_of(client, distribution)
    assert client.post(deed(distribution, "pause/")).status_code == 302


def test_for_others_it_does_not_exist(distribution: Distribution) -> None:
    stranger = signed_in(Organization.objects.create(name="Birch", slug="birch"), "manager")
    assert stranger.get(address(distribution, "change")).status_code == 404
    for name in DEEDS:
        assert stranger.post(deed(distribution, name)).status_code == 404, name
    assert set(AuditEntry.objects.values_list("action", flat=True)) <= {"logged_in"}


def test_the_list_is_filtered_by_status_survey_channel_and_date(
    operator: Client, distribution: Distribution, later: Distribution
) -> None:
    assert listed(operator, Distribution, status="scheduled") == [later]
    assert listed(operator, Distribution, status="completed") == []
    assert set(listed(operator, Distribution, status="running")) == {distribution, later}
    assert set(listed(operator, Distribution, channel="email")) == {distribution, later}
    assert listed(operator, Distribution, channel="sms") == []
    assert len(listed(operator, Distribution, survey__id__exact=distribution.survey_id)) == 2
    assert listed(operator, Distribution, created_at__gte="2999-01-01 00:00:00+00:00") == []
    with CaptureQueriesContext(connection) as queries:
        operator.get(address(Distribution, "changelist"))
    assert len(queries) <= 14, len(queries)


def test_every_status_filter_is_valid(operator: Client, distribution: Distribution) -> None:
    for status in ("sending", "held", "stuck", "reminder", "preparing", "paused", "cancelled", "nonsense"):
        listed(operator, Distribution, status=status)
