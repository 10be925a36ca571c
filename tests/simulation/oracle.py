"""The oracle: judges every message that reaches a provider by the rules' text.

It uses nothing of the product: neither its rules nor its tables, only what the simulation did and saw.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation.known import Call, Journey, Person
from tests.simulation.silences import Silences

# How long a provider that tells may take until a message of unknown outcome is sent again.
EVIDENCE = timedelta(minutes=15)
MOST_TRIES = 8


@dataclass
class Oracle:
    """`faults` are sentences; none means that every rule held."""

    silences: Silences
    faults: list[str] = field(default_factory=list)
    judged: int = 0

    def judge(self, call: Call, to: str, evidence_window: timedelta) -> None:
        """Before the message is handed over; `to` is the address on it."""
        self.judged += 1
        for fault in (
            *_about_person(call, to),
            *_about_campaign(call),
            *self._about_hours(call),
            *_about_others(call),
            *_about_itself(call, evidence_window),
        ):
            self.faults.append(f"{call.at:%m-%d %H:%M:%S} {call.attempt_id} by {call.channel}: {fault}")

    def _about_hours(self, call: Call) -> Iterator[str]:
        person = call.journey.person
        zone = person.zone or person.house.zone
        if self.silences.hold(person.house.hours, zone, call.at):
            yield f"it is quiet in {zone}"


def _about_person(call: Call, to: str) -> Iterator[str]:
    person = call.journey.person
    if to != person.addresses.get(call.channel):
        yield f"{to} is not the person's address"
    if person.is_out:
        yield "the person has opted out"
    if person.house.is_closed(call.channel, to):
        yield "the address is suppressed"
    if call.journey.has_responded:
        yield "the person has responded"


def _about_campaign(call: Call) -> Iterator[str]:
    campaign, journey = call.journey.campaign, call.journey
    if campaign.is_paused:
        yield "the distribution is paused"
    if campaign.is_cancelled:
        yield "the distribution is cancelled"
    if campaign.not_after is not None and call.at > campaign.not_after:
        yield f"nothing leaves after {campaign.not_after}"
    if campaign.expires_at is not None and call.at >= campaign.expires_at:
        yield f"it has expired at {campaign.expires_at}"
    for what, moment in (("schedule", campaign.scheduled_at), ("person's own moment", journey.when)):
        if moment is not None and call.at < moment:
            yield f"the {what} is {moment}"


def _about_others(call: Call) -> Iterator[str]:
    """Throttling (this survey) and frequency (any), by messages of other journeys to the same person."""
    journey, campaign = call.journey, call.journey.campaign
    interval = campaign.throttle or timedelta(0)
    for other in journey.person.sends:
        if other.journey is journey or not other.is_taken:
            continue
        is_replaced = journey.last_sent_at is not None and other.at <= campaign.accepted_at
        is_same_survey = other.journey.campaign.survey_id == campaign.survey_id
        if is_same_survey and not is_replaced and call.at < other.at + interval:
            yield f"throttled: the survey was sent ({', '.join(map(str, journey.person.sends))})"
        for days in (campaign.minimum_days, campaign.recent_days):
            if days is not None and call.at < other.at + timedelta(days=days):
                yield f"{days} days are to lie between ({', '.join(map(str, journey.person.sends))})"
    if journey.last_sent_at is not None and call.at < journey.last_sent_at + interval:
        yield f"throttled: the call said that it was sent at {journey.last_sent_at}"


def _about_itself(call: Call, evidence_window: timedelta) -> Iterator[str]:
    """The chain: each step once, in its order, and the next one for a reason."""
    journey, campaign = call.journey, call.journey.campaign
    if call.channel not in campaign.channels:
        yield "the distribution does not use this channel"
        return
    here = [other for other in journey.calls if other.channel == call.channel]
    yield from _about_step(call, here, evidence_window)
    if not journey.calls:
        return
    last = journey.calls[-1]
    steps = campaign.channels.index(call.channel) - campaign.channels.index(last.channel)
    if steps < 0:
        yield "the chain went backwards"
    if steps > 0 and not campaign.is_multi:
        yield "a single distribution changed its channel"
    if steps > 0:
        yield from _about_reason(call, last, [other for other in journey.calls if other.channel == last.channel])


def _about_step(call: Call, here: list[Call], evidence_window: timedelta) -> Iterator[str]:
    """Whether another try on the same channel is due after those before."""
    unknown = [other for other in here if other.answer == "unknown"]
    if any(other.answer == "accepted" for other in here):
        yield "the provider had accepted it on this channel"
    if any(other.answer == "permanent" and not other.is_about_account for other in here):
        yield "the provider had refused it on this channel"
    if unknown:
        if call.channel != "email":
            yield "a message of unknown outcome is never repeated on this channel"
        if sum(not other.has_failed for other in unknown) > 1:
            yield "two tries of unknown outcome were followed by a third"
        if any(other.is_known for other in unknown) or (here[-1].answer == "unknown" and here[-1].has_failed):
            yield "the provider had told what became of it"
        if call.at < unknown[-1].at + evidence_window:
            yield "the provider may still tell what became of it"


def _about_reason(call: Call, last: Call, there: list[Call]) -> Iterator[str]:
    """Why the chain may go on to this channel. `there` are all tries on the last one."""
    campaign, person = call.journey.campaign, call.journey.person
    if last.has_failed or (last.answer == "permanent" and not last.is_about_account):
        return
    if person.house.is_closed(last.channel, person.addresses.get(last.channel, "")):
        return
    if last.may_have_left:
        if campaign.fallback_delay is None:
            yield "the message before has not failed, and no delay was asked for"
        first_at = min(other.at for other in there if other.may_have_left)
        if campaign.fallback_delay is not None and call.at < first_at + campaign.fallback_delay:
            yield f"the message before left at {first_at}, the delay is {campaign.fallback_delay}"
    elif sum(other.answer == "transient" for other in call.journey.calls) < MOST_TRIES:
        yield "the channel before was not tried often enough"


def expect_risk(call: Call) -> None:
    """Count a second copy, once the provider has answered: after a first one of which nothing was told."""
    earlier = [other for other in call.journey.calls if other.channel == call.channel and other is not call]
    in_doubt = [one for one in earlier if one.answer == "unknown" and not one.is_known and not one.has_failed]
    if call.may_have_left and len(in_doubt) == 1:
        call.journey.campaign.duplicate_risks += 1


def was_held_back(person: Person, journey: Journey) -> bool:
    """Whether another journey's message may have stood in this one's way."""
    return any(other.journey is not journey and other.may_have_left for other in person.sends)
