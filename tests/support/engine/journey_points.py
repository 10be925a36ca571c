"""One person with a journey at every point at which a no may meet it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef

from channels.events import EventKind
from channels.models import ProviderAccount, Template
from channels.providers.base import Outcome, Result
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.control import DistributionOverError, pause, resume
from distributor.engine.dispatch.loop import dispatch_batch
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.timeline import timelines_of
from distributor.engine.responses.record import record_response
from distributor.engine.schedule.recurring import save_recurring, start_due
from distributor.models import Batch, Distribution, Handover, Recipient, RecurringDistribution, RecurringStep, Survey
from distributor.rules.phrases import explain
from distributor.rules.requests import Selection, Throttle
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import arm_follow_ups, dispatch, dispatch_at, given
from tests.support.engine.provider_events import event_of, report_events

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECURRING = "recurring"


class Point(NamedTuple):
    """Where a journey stands, and the channel of its next message."""

    name: str
    channel: str


class Sent(NamedTuple):
    """A hand-over that began for a journey at a point, and its channel."""

    point: Point
    channel: str


@dataclass
class Journeys:
    """Journeys of person 0, each at another point; the next message of each goes out on each of the channels.

    `later` holds what happens to a journey next: its worker goes on, its provider reports, its list is expanded.
    """

    organization: Organization
    survey: Survey
    accounts: dict[Channel, ProviderAccount]
    templates: dict[Channel, Template]
    send: Callable[..., Any]
    send_to: Callable[..., Distribution]
    follow: Callable[..., Any]
    points: dict[UUID, Point] = field(default_factory=dict)
    later: list[Callable[[], object]] = field(default_factory=list)

    def reach_all_points(self) -> None:
        """Take a journey to each point. What is due at once comes last: whatever is due is sent meanwhile."""
        stages = (
            self._defer,
            self._wait_after_a_message,
            self._wait_for_a_result,
            self._wait_for_the_clock,
            self._wait_in_a_list,
            self._begin_attempts,
            self._be_due,
        )
        for stage in stages:
            for channel in Channel:
                stage(channel, Channel.SMS if channel == Channel.EMAIL else Channel.EMAIL)

    def pass_time(self) -> None:
        """Let everything happen that is still to come: within three days, and a day after each further message."""
        for go_on in self.later:
            go_on()
        moment = database_now() + 3 * DAY
        arm_follow_ups()
        while expand_chunk(moment):
            pass
        # Workers would close these batches one by one.
        waiting = Recipient.objects.filter(batch_id=OuterRef("pk"), state="waiting")
        Batch.objects.filter(~Exists(waiting), state="waiting").update(state="done", lease_expires_at=None)
        before = -1
        while before != (before := Handover.objects.count()):
            dispatch_at(moment)
            moment += DAY

    def sent(self) -> list[Sent]:
        """Return all hand-overs so far, in the order of beginning."""
        channels = {account.pk: str(account.channel) for account in ProviderAccount.objects.all()}
        distributions = dict(Recipient.objects.values_list("id", "distribution_id"))
        return [
            Sent(
                self.points.get(distributions[recipient_id], Point(RECURRING, channels[handover.provider_account_id])),
                channels[handover.provider_account_id],
            )
            for handover in Handover.objects.order_by("id")
            for recipient_id in handover.recipient_ids
        ]

    def told(self) -> dict[Point, str]:
        """Return why the journey at each point was stopped, as its timeline says."""
        told = {}
        recipients = Recipient.objects.filter(distribution_id__in=self.points).select_related("contact")
        for timeline in timelines_of(list(recipients)):
            point = self.points[timeline.recipient.distribution_id]
            assert timeline.state != "waiting", point
            told[point] = "; ".join(
                explain(decision.kind, decision.reason, decision.detail, now=database_now(), zone=timeline.zone)
                for decision in timeline.decisions
                if decision.kind == "stopped"
            )
        return told

    def _take(self, name: str, *channels: Channel, people: Sequence[Any] | int = 1, **fields: Any) -> Any:
        """Accept a distribution. Its last channel is the one of its point, unless reminders and thank-yous follow."""
        accepted = self.send(people, *channels, **fields)
        follow_ups = [*fields.get("reminders", ()), *fields.get("thank_yous", ())]
        self.points[accepted.distribution.id] = Point(name, str(follow_ups[0][0] if follow_ups else channels[-1]))
        return accepted

    def _defer(self, channel: Channel, other: Channel) -> None:
        own = Survey.objects.create(organization=self.organization, name=f"Asked often by {channel}")
        self.send(1, other, of=own)
        dispatch()
        self._take("throttled", channel, of=own, throttle=Throttle(HOUR))
        self._take("in quiet hours", channel)
        now = database_now()
        self._set_quiet_hours(now - 2 * HOUR, now + 2 * HOUR)
        dispatch()
        self._set_quiet_hours(None, None)

    def _set_quiet_hours(self, start: datetime | None, end: datetime | None) -> None:
        quiet = [moment and moment.time().replace(microsecond=0) for moment in (start, end)]
        Organization.objects.update(time_zone="UTC", quiet_from=quiet[0], quiet_until=quiet[1])

    def _wait_after_a_message(self, channel: Channel, other: Channel) -> None:
        self._take("fallback", other, channel, is_multi=True, fallback_delay_minutes=60)
        self._take("reminder", other, reminders=[(channel, 60)])
        added = self._take("added reminder", other)
        self.points[added.distribution.id] = Point("added reminder", channel)
        thanked = self._take("thank-you", other, thank_yous=[(channel, 60)])
        bounced = self._take("late bounce", other, channel, is_multi=True)
        dispatch()
        self.follow(added.distribution, channel, at=database_now() + HOUR)
        arm_follow_ups()
        record_response(thanked.recipients[0].code, {"score": 9}, database_now())
        bounce = event_of(bounced, EventKind.SOFT_BOUNCED)
        self.later.append(lambda: report_events(self.accounts[other], bounce))

    def _wait_for_a_result(self, channel: Channel, other: Channel) -> None:
        # Only an e-mail of unknown outcome is sent again; a phone's next message is a fallback after an e-mail.
        chain = [channel] if channel == Channel.EMAIL else [other, channel]
        for name, channels, outcome in (
            ("evidence", chain, Outcome.UNKNOWN),
            ("retry", [channel], Outcome.TRANSIENT),
        ):
            self._take(name, *channels, is_multi=True)
            claim, context, _ = claim_next()
            settle(claim, context, begin_claim(claim, context), [Result(outcome)], database_now())

    def _wait_for_the_clock(self, channel: Channel, other: Channel) -> None:
        tomorrow = database_now() + DAY
        self._take("scheduled", channel, scheduled_at=tomorrow)
        self._take("shared address", channel, people=[given(0, external_id="TWIN")], scheduled_at=tomorrow)
        paused = self._take("paused", channel).distribution
        pause(paused.id, database_now())
        self.later.append(lambda: _resume(paused))

    def _wait_in_a_list(self, channel: Channel, other: Channel) -> None:
        audience = MailingList.objects.create(organization=self.organization, name=f"Ward {channel}")
        Membership.objects.create(mailing_list=audience, contact=Contact.objects.get(external_id="PAT-0"))
        self.points[self.send_to(Selection(list_id=audience.pk), channel).pk] = Point("list", channel)
        recurring = RecurringDistribution(
            organization=self.organization, name="Daily", survey=self.survey, mailing_list=audience, cron="0 9 * * *"
        )
        save_recurring(recurring, database_now())
        account, template = self.accounts[channel], self.templates[channel]
        RecurringStep.objects.create(recurring=recurring, priority=1, provider_account=account, template=template)
        self.later.append(lambda: start_due(database_now() + DAY))

    def _begin_attempts(self, channel: Channel, other: Channel) -> None:
        for name, outcome in (
            ("begun, accepted", Outcome.ACCEPTED),
            ("begun, refused", Outcome.PERMANENT),
            ("begun, unknown", Outcome.UNKNOWN),
            ("begun, transient", Outcome.TRANSIENT),
        ):
            reminders = [(channel, 60)]
            self._take(name, other, channel, is_multi=True, fallback_delay_minutes=1, reminders=reminders)
            self._begin(Result(outcome))
        self._take("claimed", channel)
        claim, _, _ = claim_next()
        claimed_at = database_now()  # its worker's clock stands still: on a busy machine the lease would run out
        self.later.append(lambda: dispatch_batch(claim, lambda: claimed_at, lambda: False))

    def _begin(self, result: Result) -> None:
        claim, context, _ = claim_next()
        begun = begin_claim(claim, context)
        self.later.append(lambda: settle(claim, context, begun, [result], database_now()))

    def _be_due(self, channel: Channel, other: Channel) -> None:
        self._take("due", channel)


def _resume(distribution: Distribution) -> None:
    with suppress(DistributionOverError):  # nobody waits in it any more
        resume(distribution.pk, database_now())
