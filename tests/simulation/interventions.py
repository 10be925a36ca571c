"""What people and operators do during the month: send, respond, opt out, suppress, pause, cancel, reschedule."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.control import DistributionOverError, cancel, pause, reschedule, resume
from distributor.engine.responses.links import find_link, record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.links import LinkState
from distributor.rules.requests import AudienceRules, DistributionRequest, RecipientOptions, StepRequest, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.simulation.month import Month
from tests.simulation.population import ZONES, Plan
from tests.simulation.world import INVITATION, Call, Campaign, Journey, Later, Person, Tenant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REACT_AFTER_MINUTES = (2, 45, 600, 1_500, 4_000)
PHONES = ("sms", "whatsapp")


class Interventions:
    """Actions from outside: each is done to the product and recorded in the simulated world."""

    def __init__(self, month: Month, liveliness: float) -> None:
        self._month = month
        self._draw = month.draw
        self._liveliness = liveliness
        self._rows: dict[object, Organization] = {}
        month.after_sending.append(self._maybe_react)

    def call(self, plan: Plan) -> None:
        """Make a planned sending call."""
        draw, now, tenant = self._draw, self._month.now, plan.tenant
        throttle = draw.choice([None, None, timedelta(hours=36), 3 * DAY, timedelta(0)])
        policy = draw.choice(list(ThrottlePolicy)) if throttle and draw.random() < 0.3 else ThrottlePolicy.DEFER
        recent_days = draw.choice([None, None, None, 3])
        respects = draw.random() < 0.7
        scheduled_at = now + timedelta(minutes=draw.randrange(5_000)) if draw.random() < 0.5 else None
        ends_at = (scheduled_at or now) + timedelta(minutes=draw.randint(60, 8_000))
        minutes = draw.choice([None, 0, 60, 600, 1_440, 2_880])
        in_force = throttle if throttle is not None else timedelta(minutes=tenant.throttle_minutes or 0)
        reminders = self._draw_later(0.15, (90, 1_440, 4_320))
        thanks = self._draw_later(0.25, (0, 30))
        stops_on = draw.choice(["response", "response", "opened", "delivered"])
        options = [self._draw_options(now) for _ in plan.people] if draw.random() < 0.2 else []
        request = DistributionRequest(
            source="simulation",
            survey_id=draw.choice(tenant.survey_ids),
            contacts=[{"external_id": person.external_id} for person in plan.people],
            steps=[
                StepRequest(
                    channel=channel,
                    provider_account_id=tenant.account_ids[channel],
                    template_id=tenant.template_ids[INVITATION, channel],
                    priority=priority,
                    fallback_delay_minutes=minutes,
                )
                for priority, channel in enumerate(plan.channels, start=1)
            ]
            + _later_steps(tenant, StepKind.REMINDER, "reminder", reminders)
            + _later_steps(tenant, StepKind.THANK_YOU, "thanks", thanks),
            is_multi=plan.is_multi,
            scheduled_at=scheduled_at,
            not_after=ends_at if draw.random() < 0.2 else None,
            expires_at=ends_at + DAY if draw.random() < 0.2 else None,
            audience=AudienceRules(
                exclude_opted_out=draw.random() < 0.9,
                respect_frequency_rules=respects,
                exclude_recently_contacted=recent_days is not None,
                recent_contact_days=recent_days or 30,
            ),
            options=options,
            throttle=Throttle(throttle, policy) if throttle is not None else None,
            stops_on=StopsOn(stops_on),
        )
        try:
            accepted = accept(self._row(tenant), None, request, now)
        except ThrottledError:
            self._month.counts["calls_refused"] += 1
            return
        campaign = Campaign(
            id=accepted.distribution.id,
            tenant=tenant,
            survey_id=request.survey_id,
            channels=plan.channels,
            is_multi=plan.is_multi,
            fallback_delay=None if minutes is None else timedelta(minutes=minutes),
            accepted_at=now,
            scheduled_at=scheduled_at,
            not_after=request.not_after,
            expires_at=request.expires_at,
            throttle=in_force or None,
            minimum_days=tenant.minimum_days if respects else None,
            recent_days=recent_days,
            skipped=len(accepted.skipped),
            stops_on=stops_on,
            reminders=reminders,
            thanks=thanks,
        )
        by_id = {person.id: person for person in plan.people}
        for enrolled in accepted.recipients:
            own, person = enrolled.options, by_id[enrolled.contact.id]
            journey = Journey(campaign, person, enrolled.code, own.when, own.last_sent_at)
            campaign.journeys.append(journey)
            self._month.journeys[journey.code] = journey
        self._month.campaigns.append(campaign)
        self._plan_steering(campaign)

    def disturb(self, person: Person) -> None:
        """Opt a person out or back in, suppress an address, or change the time zone."""
        now, chance = self._month.now, self._draw.random()
        if chance < 0.4:
            opt_out(person.id, now)
            person.is_opted_out = person.was_opted_out = True
        elif chance < 0.5 and person.is_opted_out:
            lift_opt_out(person.id)
            person.is_opted_out = False
            person.tenant.closed -= {(*address, "unsubscribe") for address in person.addresses.items()}
        elif chance < 0.7:
            channel, address = self._draw.choice(sorted(person.addresses.items()))
            Suppression.objects.get_or_create(
                organization_id=person.tenant.id, channel=channel, address=address, reason="manual"
            )
            person.tenant.close(channel, address, "manual")
        else:
            person.zone = self._draw.choice(ZONES)
            Contact.objects.filter(id=person.id).update(time_zone=person.zone)

    def _row(self, tenant: Tenant) -> Organization:
        if tenant.id not in self._rows:
            self._rows[tenant.id] = Organization.objects.get(id=tenant.id)
        return self._rows[tenant.id]

    def _draw_options(self, now: datetime) -> RecipientOptions:
        """Draw from few times, so that recipients share batches."""
        draw = self._draw
        when = now + draw.choice([1, 7, 40]) * HOUR if draw.random() < 0.2 else None
        last_sent_at = now - draw.choice([HOUR, DAY, 30 * DAY]) if draw.random() < 0.1 else None
        return RecipientOptions(when, last_sent_at)

    def _draw_later(self, share: float, minutes: tuple[int, ...]) -> tuple[Later, ...]:
        draw = self._draw
        if draw.random() > share:
            return ()
        channels = draw.sample(["email", "sms", "whatsapp"], draw.choice([1, 2]))
        return tuple(Later(channel, timedelta(minutes=draw.choice(minutes))) for channel in channels)

    def _plan_steering(self, campaign: Campaign) -> None:
        draw, start = self._draw, campaign.scheduled_at or self._month.now

        def soon() -> datetime:
            return start + timedelta(minutes=draw.randint(-60, 2_000))

        if draw.random() < 0.25:
            paused_at = soon()
            self._month.at(paused_at, partial(self._pause, campaign))
            self._month.at(paused_at + timedelta(minutes=draw.randint(1, 3_000)), partial(self._resume, campaign))
        if draw.random() < 0.2:
            self._month.at(soon(), partial(self._move, campaign))
        if draw.random() < 0.08:
            self._month.at(soon(), partial(self._cancel, campaign))

    def _pause(self, campaign: Campaign) -> None:
        try:
            pause(campaign.id, self._month.now)
        except DistributionOverError:
            return
        campaign.is_paused = True

    def _resume(self, campaign: Campaign) -> None:
        with suppress(DistributionOverError):
            resume(campaign.id, self._month.now)
        campaign.is_paused = False

    def _move(self, campaign: Campaign) -> None:
        now = self._month.now
        scheduled_at = self._draw.choice([None, now - DAY, now + HOUR, now + 2 * DAY])
        try:
            reschedule(campaign.id, scheduled_at, now)
        except DistributionOverError:
            return
        campaign.scheduled_at = scheduled_at

    def _cancel(self, campaign: Campaign) -> None:
        try:
            cancel(campaign.id, self._month.now)
        except DistributionOverError:
            return
        campaign.is_cancelled = True

    def _maybe_react(self, call: Call) -> None:
        """Let some recipients open the link, some respond, and some unsubscribe."""
        chance = self._draw.random() / self._liveliness
        later = timedelta(minutes=self._draw.choice(REACT_AFTER_MINUTES))
        if chance < 0.0025:
            self._month.at(self._month.now + later, partial(self._respond, call.journey))
        elif chance < 0.0035:
            self._month.at(self._month.now + later, partial(self._unsubscribe, call))
        elif chance < 0.0045:
            self._month.at(self._month.now + later, partial(self._open, call.journey))

    def _open(self, journey: Journey) -> None:
        link = find_link(journey.code, self._month.now)
        if link is not None and link.state is LinkState.OPEN:
            record_open(link.recipient, self._month.now)
            journey.is_opened = True
            self._month.counts["links_opened"] += 1

    def _respond(self, journey: Journey) -> None:
        now, campaign = self._month.now, journey.campaign
        has_expired = campaign.expires_at is not None and now >= campaign.expires_at
        is_shut = journey.has_responded or campaign.is_cancelled or has_expired
        try:
            record_response(journey.code, {"score": 9}, now)
        except LinkNotOpenError:
            if not is_shut:
                self._month.oracle.faults.append(f"{journey.code} did not accept a response")
            return
        if is_shut:
            self._month.oracle.faults.append(f"{journey.code} accepted a response")
        journey.responded_at = now
        journey.is_opened = True
        self._month.counts["responses"] += 1

    def _unsubscribe(self, call: Call) -> None:
        person = call.journey.person
        unsubscribe(call.journey.code, "link", self._month.now, channel=Channel(call.channel))
        person.is_opted_out = person.was_opted_out = True
        for channel in PHONES if call.channel in PHONES else (call.channel,):
            if channel in person.addresses:
                person.tenant.close(channel, person.addresses[channel], "unsubscribe")
        self._month.counts["unsubscribed"] += 1


def _later_steps(tenant: Tenant, kind: StepKind, step: str, later: tuple[Later, ...]) -> list[StepRequest]:
    return [
        StepRequest(
            channel=follow_up.channel,
            provider_account_id=tenant.account_ids[follow_up.channel],
            template_id=tenant.template_ids[f"{step} {number}", follow_up.channel],
            priority=number,
            kind=kind,
            delay_minutes=int(follow_up.delay.total_seconds()) // 60,
        )
        for number, follow_up in enumerate(later, start=1)
    ]
