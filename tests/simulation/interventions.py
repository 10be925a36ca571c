"""What people and operators do during the month: send, respond, opt out, suppress, pause, cancel, reschedule."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from contacts.models import Contact, Organization, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.control import DistributionOverError, cancel, pause, reschedule, resume
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.responses.links import find_link, record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.engine.route.step_context import as_account
from distributor.rules.links import LinkState
from tests.simulation.month import Month
from tests.simulation.noes import PHONES, forget, hear, unsubscribe_by_link
from tests.simulation.population import ZONES, Plan
from tests.simulation.requests import draw_request, record_campaign
from tests.simulation.world import Call, Campaign, Journey, Person, Tenant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REACT_AFTER_MINUTES = (2, 45, 600, 1_500, 4_000)


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
        now = self._month.now
        plan = replace(plan, people=[person for person in plan.people if not person.is_erased])
        request = draw_request(self._draw, plan, now)
        try:
            accepted = accept(self._row(plan.tenant), None, request, now)
        except ThrottledError:
            self._month.counts["calls_refused"] += 1
            return
        campaign = record_campaign(accepted, request, plan, now)
        for journey in campaign.journeys:
            self._month.journeys[journey.code] = journey
            journey.person.journeys.append(journey)
        self._month.campaigns.append(campaign)
        self._plan_steering(campaign)

    def disturb(self, person: Person) -> None:
        """Opt a person out or back in, let them text STOP, erase them, suppress an address, or change the time zone."""
        now, chance = self._month.now, self._draw.random()
        if person.is_erased:
            return
        if chance < 0.2:
            opt_out(person.id, now, source="a test")
            hear(person.tenant, [person], "unsubscribe", now)
            self._month.counts["opted_out_by_call"] += 1
        elif chance < 0.32:
            self._text_stop(person)
        elif chance < 0.45:
            erase_contact(person.id, now)
            forget(person, now)
            self._month.counts["erased"] += 1
        elif chance < 0.55 and person.is_opted_out:
            lift_opt_out(person.id, now, source="a test", is_asked_by_person=True)
            person.is_opted_out = False
            lifted = ("unsubscribe", "complaint")
            person.tenant.closed -= {(*each, reason) for each in person.addresses.items() for reason in lifted}
        elif chance < 0.7:
            channel, address = self._draw.choice(sorted(person.addresses.items()))
            Suppression.objects.get_or_create(
                organization_id=person.tenant.id, channel=channel, address=address, reason="manual"
            )
            person.tenant.close(channel, address, "manual")
        else:
            person.zone = self._draw.choice(ZONES)
            Contact.objects.filter(id=person.id).update(time_zone=person.zone)

    def _text_stop(self, person: Person) -> None:
        """Text STOP to a number of the organisation: it names no message."""
        now, channel = self._month.now, self._draw.choice(PHONES)
        if channel not in person.addresses:
            return
        address = person.addresses[channel]
        event = Event(f"stop {address} {now}", EventKind.STOPPED, now, address=address)
        account = ProviderAccount.objects.get(id=person.tenant.account_ids[channel])
        ingest_events(as_account(account), [event], now)
        hear(person.tenant, [], "stop", now, (channel, address))
        self._month.counts["stops_texted"] += 1

    def _row(self, tenant: Tenant) -> Organization:
        if tenant.id not in self._rows:
            self._rows[tenant.id] = Organization.objects.get(id=tenant.id)
        return self._rows[tenant.id]

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
        unsubscribe(call.journey.code, "link", self._month.now)
        unsubscribe_by_link(person, self._month.now)
        self._month.counts["unsubscribed"] += 1
