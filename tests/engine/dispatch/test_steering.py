"""Accounts that share messages by weight: in virtual time, those that deliver get more, and the timeline says why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random, seed

import pytest

from channels.account_state.steering import EXPLORED_MESSAGES, Tally
from channels.events import Event, EventKind
from channels.models import AccountScore, ProviderAccount
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.sandbox import Sandbox
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.control import fix_split
from distributor.engine.dispatch.account_health import record_scores
from distributor.engine.dispatch.slots import remember_call
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Attempt, Distribution, Step
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.outages import Clock
from tests.support.engine.people import dispatch, given, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, report_events
from tests.support.queries import count_queries

pytestmark = pytest.mark.django_db
KIND = "tests.engine.dispatch.test_steering.Acting"
MINUTE = timedelta(minutes=1)
PEOPLE, ROUNDS = 30, 14


@dataclass
class Stage:
    """What the accounts do, by their names, and what they have done. Reports follow a minute later."""

    clock: Clock
    carried: Counter[str] = field(default_factory=Counter)
    reports: list[tuple[ProviderAccount, Event]] = field(default_factory=list)
    seconds: float = 0.0

    def serve(self, account: ProviderAccount, messages: Sequence[Message]) -> list[Result]:
        if account.name == "Dead":
            return [Result(Outcome.TRANSIENT, detail="Connection refused", scope=Scope.ROUTE)] * len(messages)
        if account.name == "Slow":
            self.seconds += 15 * len(messages)
            self.clock.now += 15 * len(messages) * timedelta(seconds=1)
        self.carried[account.name] += len(messages)
        kind = EventKind.SOFT_BOUNCED if account.name == "Lying" else EventKind.DELIVERED
        for message in messages:
            event_id, at = f"{message.attempt_id} {kind}", self.clock.now + MINUTE
            event = Event(event_id, kind, at, attempt_id=message.attempt_id, address=message.to)
            self.reports.append((account, event))
        return [Result(Outcome.ACCEPTED, "id")] * len(messages)

    def report(self) -> None:
        for account in {account for account, _ in self.reports}:
            events = [event for reporting, event in self.reports if reporting == account]
            ingest_events(as_account(account), events, self.clock.now)
        self.reports.clear()


class Acting(Sandbox):
    label = "Acting"
    batch_size = 100
    stage: Stage

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        return Acting.stage.serve(ProviderAccount.objects.get(id=self.account.id), messages)


@pytest.fixture
def stage(kinds: dict[str, str]) -> Stage:
    kinds["acting"] = KIND
    seed(7)
    Acting.stage = Stage(Clock(database_now()))
    return Acting.stage


@pytest.fixture
def four(organization: Organization, accounts: dict[Channel, ProviderAccount]) -> list[ProviderAccount]:
    first = accounts[Channel.EMAIL]
    ProviderAccount.objects.filter(id=first.id).update(kind="acting", name="Good")

    def create(name: str) -> ProviderAccount:
        return ProviderAccount.objects.create(organization=organization, name=name, kind="acting", channel="email")

    return [first, create("Lying"), create("Slow"), create("Dead")]


@pytest.fixture
def second(organization: Organization) -> ProviderAccount:
    return ProviderAccount.objects.create(organization=organization, name="Second", kind="sandbox", channel="email")


def lie(account: ProviderAccount, **counts: float) -> None:
    """Let an account have accepted and bounced this many messages to example.com."""
    tally = {"taken": 300, "reported": 300, "delivered": 60, **counts}
    AccountScore.objects.create(account=account, destination="example.com", decayed_at=database_now(), **tally)


@pytest.fixture
def good_and_lying(accounts: dict[Channel, ProviderAccount], second: ProviderAccount) -> ProviderAccount:
    lie(accounts[Channel.EMAIL], delivered=295)
    lie(second)
    return second


def campaign(
    send: Send, stage: Stage, four: list[ProviderAccount], **fields: object
) -> tuple[Counter[str], int, float]:
    """Send to new people every three minutes, in calls of various sizes. Return what was carried, lost, and waited."""
    draw = Random(1)
    for number in range(ROUNDS):
        people = [given(number * PEOPLE + place) for place in range(draw.choice([2, PEOPLE]))]
        send(people, further_accounts=four[1:], weights=[1, 1, 1, 1], at=stage.clock.now, **fields)
        stage.clock.run_for(2 * MINUTE)
        stage.report()
        stage.clock.run_for(MINUTE)
    stage.clock.run_for(10 * MINUTE)
    failed = sum(Distribution.objects.values_list("failed_count", flat=True))
    assert sum(Distribution.objects.values_list("sent_count", flat=True)) + failed == sum(stage.carried.values())
    return Counter(stage.carried), failed, stage.seconds


def test_beside_a_lying_a_slow_and_a_dead_account_hardly_anything_is_lost(
    send: Send, stage: Stage, four: list[ProviderAccount]
) -> None:
    carried, failed, seconds = campaign(send, stage, four)
    total = sum(carried.values())
    # A call goes to each bad account before anything is known of it. Then they get 3 % of the turns, to be explored.
    assert failed == carried["Lying"] <= PEOPLE + EXPLORED_MESSAGES
    assert carried["Slow"] == seconds / 15 <= PEOPLE + 2 * EXPLORED_MESSAGES
    assert carried["Good"] > total / 2
    assert not Attempt.objects.filter(state="failed").exists()


def test_a_fixed_split_loses_what_the_accounts_lose(send: Send, stage: Stage, four: list[ProviderAccount]) -> None:
    carried, failed, seconds = campaign(send, stage, four, has_fixed_split=True)
    assert failed == carried["Lying"] > 0.2 * sum(carried.values())
    assert carried["Slow"] == seconds / 15 > 0.2 * sum(carried.values())
    assert not AccountScore.objects.exists()


def test_the_timeline_says_which_account_and_why(send: Send, good_and_lying: ProviderAccount) -> None:
    seed(1)
    accepted = send(1, further_accounts=[good_and_lying], weights=[1, 1])
    dispatch()
    routed = next(event for event in timeline_of(accepted).events if event.kind == "routed")
    name = ProviderAccount.objects.exclude(id=good_and_lying.id).get(channel="email").name
    expected = f"by {name}, share 97 % instead of 50 %: 98 % of 300 to example.com were delivered in time"
    assert routed.detail == f"{expected}, by Second 20 % of 300"


def test_a_domain_that_may_be_one_persons_own_is_not_kept(send: Send, good_and_lying: ProviderAccount) -> None:
    AccountScore.objects.update(destination="")
    send([given(1, email="ann@ann.example")], further_accounts=[good_and_lying], weights=[1, 1])
    dispatch()
    route = Attempt.objects.values_list("route", flat=True).get()
    assert route is not None
    assert "ann" not in str(route)


def test_nothing_is_said_while_accounts_are_equal(send: Send, second: ProviderAccount) -> None:
    accepted = send(1, further_accounts=[second], weights=[1, 1])
    dispatch()
    assert [event.kind for event in timeline_of(accepted).events] == ["accepted", "sent"]
    assert Attempt.objects.get().route is None


def test_people_of_another_destination_leave_by_another_account(send: Send, good_and_lying: ProviderAccount) -> None:
    seed(3)
    first = ProviderAccount.objects.exclude(id=good_and_lying.id).get(channel="email")
    for account, delivered in ((first, 10), (good_and_lying, 295)):
        lie_elsewhere = {"taken": 300, "reported": 300, "delivered": delivered}
        AccountScore.objects.create(
            account=account, destination="elsewhere.example", decayed_at=database_now(), **lie_elsewhere
        )
    people = [
        given(number, email=f"p{number}@{['example.com', 'elsewhere.example'][number % 2]}") for number in range(40)
    ]
    accepted = send(people, further_accounts=[good_and_lying], weights=[1, 1])
    dispatch()
    assert totals_of(accepted) == {"sent": 40}
    used = {attempt.recipient_id: attempt.provider_account_id for attempt in Attempt.objects.all()}
    by_place = [used[recipient_id] for recipient_id in sorted(used)]
    assert set(by_place[::2]) == {first.id}
    assert set(by_place[1::2]) == {good_and_lying.id}


def test_reports_are_counted_once_and_late_ones_as_bad(send: Send, second: ProviderAccount) -> None:
    accepted = send(20, further_accounts=[second], weights=[1, 1])
    dispatch()
    account = ProviderAccount.objects.get(id=Attempt.objects.values_list("provider_account_id", flat=True)[0])
    now = database_now()
    delivered, late, bounced = (
        event_of(accepted, EventKind.DELIVERED, 0),
        event_of(accepted, EventKind.DELIVERED, 1, occurred_at=now + 16 * MINUTE),
        event_of(accepted, EventKind.SOFT_BOUNCED, 2, address=""),
    )
    report_events(account, delivered, late, bounced)
    report_events(account, delivered, event_of(accepted, EventKind.OPENED, 0))
    score = AccountScore.objects.get(account=account, destination="example.com")
    assert (round(score.taken), round(score.reported, 1), round(score.delivered, 1)) == (20, 3, 1)


def test_only_steps_that_share_by_weight_pay_for_it(send: Send, second: ProviderAccount) -> None:
    for account in ProviderAccount.objects.all():
        remember_call(account.pk, 0.1)  # otherwise a first call asks for a slot

    def queries_of(number: int, **fields: object) -> tuple[int, int]:
        accepted = send([given(number)], further_accounts=[second], **fields)
        dispatched = count_queries(dispatch)
        account = ProviderAccount.objects.get(id=Attempt.objects.order_by("-recipient_id")[0].provider_account_id)
        event = event_of(accepted, EventKind.DELIVERED)
        return dispatched, count_queries(lambda: report_events(account, event, at=database_now()))

    queries_of(0)
    in_order = queries_of(1)
    assert queries_of(2, weights=[1, 1], has_fixed_split=True) == in_order
    assert queries_of(3, weights=[1, 1]) == (in_order[0] + 2, in_order[1] + 1)


def test_an_operator_fixes_the_split_of_a_running_distribution(send: Send, good_and_lying: ProviderAccount) -> None:
    seed(5)
    accepted = [send([given(number)], further_accounts=[good_and_lying], weights=[1, 1]) for number in range(12)]
    for each in accepted:
        assert fix_split(each.distribution.id, is_fixed=True)
    dispatch()
    used = Counter(Attempt.objects.values_list("provider_account_id", flat=True))
    assert 2 <= used[good_and_lying.id] <= 10
    assert fix_split(accepted[0].distribution.id, is_fixed=False)
    assert not Step.objects.get(distribution=accepted[0].distribution).has_fixed_split


def test_an_account_that_an_operator_has_changed_begins_anew(good_and_lying: ProviderAccount) -> None:
    resume_account(good_and_lying.id, database_now())
    assert not AccountScore.objects.filter(account=good_and_lying).exists()


def test_probes_are_the_breakers_and_not_counted(send: Send, stage: Stage, four: list[ProviderAccount]) -> None:
    send(40, further_accounts=four[3:], weights=[1, 10_000], at=stage.clock.now)
    stage.clock.run_for(30 * MINUTE)
    score = AccountScore.objects.get(account=four[3], destination="")
    assert score.tally.failed_calls <= Tally(calls=3).calls


def test_a_repeat_is_not_counted_again(send: Send, second: ProviderAccount) -> None:
    """It began with the attempt that it repeats, perhaps hours ago."""
    send([given(0)], further_accounts=[second], weights=[1, 1])
    claim, context, _ = claim_next()
    begun = begin_claim(claim, context)
    for is_repeat in (True, False):
        used = context.with_account(begun.account_id)
        record_scores(used, replace(begun, is_repeat=is_repeat), [Result(Outcome.ACCEPTED)], database_now())
        assert AccountScore.objects.exists() != is_repeat


def test_what_the_sandbox_takes_for_a_test_key_is_no_account_s_merit(send: Send, second: ProviderAccount) -> None:
    send([given(0)], further_accounts=[second], weights=[1, 1])
    Distribution.objects.update(key_kind="test")
    dispatch()
    assert Attempt.objects.get().state == "sent"
    assert not AccountScore.objects.exists()
