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
    if call.journey.has_responded and call.kind != "thanks":
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
    if call.kind == "thanks":
        return  # whoever answers is thanked
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
    """Each step once, in its order, and for a reason."""
    here = [other for other in call.journey.calls if other.is_of_step(call)]
    yield from _about_step(call, here, evidence_window)
    about = {"invitation": _about_chain, "reminder": _about_reminder, "thanks": _about_thanks}
    yield from about[call.kind](call)


def _about_chain(call: Call) -> Iterator[str]:
    """Invitations: one channel after the other."""
    journey, campaign = call.journey, call.journey.campaign
    if call.channel not in campaign.channels:
        yield "the distribution does not use this channel"
        return
    invited = [other for other in journey.calls if other.kind == "invitation"]
    if not invited:
        return
    if journey.calls[-1].kind == "reminder" and any(other.has_arrived for other in journey.calls):
        yield "the chain had ended, and something had arrived"
    last = invited[-1]
    steps = campaign.channels.index(call.channel) - campaign.channels.index(last.channel)
    if steps < 0:
        yield "the chain went backwards"
    if steps > 0 and not campaign.is_multi:
        yield "a single distribution changed its channel"
    if steps > 0:
        yield from _about_reason(call, last, [other for other in invited if other.channel == last.channel])


def _about_reminder(call: Call) -> Iterator[str]:
    """To who was reached and does not answer, behind the whole chain."""
    journey, campaign = call.journey, call.journey.campaign
    asked = campaign.reminders[call.number - 1 : call.number]
    if not asked or asked[0].channel != call.channel:
        yield "the distribution has no such reminder"
        return
    before = [other for other in journey.calls if not other.is_of_step(call)]
    if not any(other.has_arrived for other in before):
        yield "nothing has arrived that it could remind of"
    if any(other.kind == "reminder" and other.number > call.number for other in before):
        yield "a later reminder came before"
    last_at = max((other.at for other in before if other.may_have_left and not other.has_failed), default=None)
    if last_at is not None and call.at < last_at + asked[0].delay:
        yield f"the message before left at {last_at}, the reminder's delay is {asked[0].delay}"
    for channel in _channels_left(journey):
        yield f"{channel} of the chain comes before reminders"


def _channels_left(journey: Journey) -> list[str]:
    """On which the chain will go on by its delay, as far as that is certain."""
    campaign, person = journey.campaign, journey.person
    if not campaign.is_multi or campaign.fallback_delay is None or _is_enough(journey, journey.calls):
        return []
    invited = [campaign.channels.index(other.channel) for other in journey.calls if other.kind == "invitation"]
    return [
        channel
        for channel in campaign.channels[max(invited, default=-1) + 1 :]
        if channel in person.addresses and (channel, person.addresses[channel]) not in person.house.once_closed
    ]


def _is_enough(journey: Journey, calls: list[Call]) -> bool:
    """Whether the chain's fallbacks end without a response."""
    match journey.campaign.stops_on:
        case "opened":
            return journey.is_opened or any(other.is_opened for other in calls)
        case "delivered":
            return journey.is_opened or any(other.is_delivered for other in calls)
    return False


def _about_thanks(call: Call) -> Iterator[str]:
    """To who has answered, once."""
    journey, campaign = call.journey, call.journey.campaign
    asked = campaign.thanks[: call.number]
    if len(asked) < call.number or asked[-1].channel != call.channel:
        yield "the distribution has no such thanks"
        return
    if journey.responded_at is None:
        yield "nobody has answered"
    elif call.at < journey.responded_at + min(one.delay for one in asked):
        yield f"the answer came at {journey.responded_at}, the delay is {asked[-1].delay}"
    for other in journey.calls:
        if other.kind == "thanks" and not other.is_of_step(call) and other.has_arrived:
            yield "the person has been thanked"


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
    if last.has_arrived and _is_enough(call.journey, [last]):
        yield f"what the fallbacks stop on ({campaign.stops_on}) has happened"
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
    earlier = [other for other in call.journey.calls if other.is_of_step(call) and other is not call]
    in_doubt = [one for one in earlier if one.answer == "unknown" and not one.is_known and not one.has_failed]
    if call.may_have_left and len(in_doubt) == 1:
        call.journey.campaign.duplicate_risks += 1


def was_held_back(person: Person, journey: Journey) -> bool:
    """Whether another journey's message may have stood in this one's way."""
    return any(other.journey is not journey and other.may_have_left for other in person.sends)
