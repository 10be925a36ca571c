"""The oracle: a second implementation of the rules, which judges every message that reaches a provider.

It uses neither the product's rules nor its tables, only what the simulation did and saw.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.quiet_periods import QuietPeriods
from tests.simulation.world import Call, Journey, Person

# A message is retried on its step for so long, at intervals of at most so long.
RETRIED_FOR = {"email": timedelta(hours=24), "sms": timedelta(hours=4), "whatsapp": timedelta(hours=4)}
LONGEST_WAIT = {"email": timedelta(hours=3), "sms": timedelta(minutes=30), "whatsapp": timedelta(minutes=30)}


@dataclass
class Oracle:
    """`faults` are sentences; if there are none, every rule held."""

    quiet_periods: QuietPeriods
    faults: list[str] = field(default_factory=list)
    judged: int = 0

    def judge(self, call: Call, to: str, evidence_window: timedelta) -> None:
        """Judge a message before it is handed over. `to` is its address."""
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
        zone = person.zone or person.tenant.zone
        if self.quiet_periods.cover(person.tenant.hours, zone, call.at):
            yield f"it is quiet in {zone}"


def _about_person(call: Call, to: str) -> Iterator[str]:
    person = call.journey.person
    if to != person.addresses.get(call.channel):
        yield f"{to} is not the person's address"
    if person.is_opted_out:
        yield "the person has opted out"
    if _is_over(call):
        yield f"the person said no at {call.journey.no_at}"
    if person.tenant.is_closed(call.channel, to):
        yield "the address is suppressed"
    if call.journey.has_responded and call.kind != "thanks":
        yield "the person has responded"


def _is_over(call: Call) -> bool:
    """A no ends a journey, whatever the no closes. Only a later response is thanked, where the channel is open."""
    no_at, responded_at = call.journey.no_at, call.journey.responded_at
    is_thanked = call.kind == "thanks" and responded_at is not None and no_at is not None and responded_at > no_at
    return no_at is not None and not is_thanked


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
    """The throttle (same survey) and the frequency rules (any survey), by the person's messages of other journeys."""
    journey, campaign = call.journey, call.journey.campaign
    if call.kind == "thanks":
        return  # thank-yous are exempt
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
    """Each step is sent once, in its order, and for a reason."""
    here = [other for other in call.journey.calls if other.is_of_step(call)]
    yield from _about_step(call, here, evidence_window)
    about = {"invitation": _about_chain, "reminder": _about_reminder, "thanks": _about_thanks}
    yield from about[call.kind](call)


def _about_chain(call: Call) -> Iterator[str]:
    """Invitations follow one another, channel by channel."""
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
    """Reminders go to recipients who were reached and have not responded, after all invitations."""
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
    """Return the channels that the chain will certainly still use, after the fallback delay."""
    campaign, person = journey.campaign, journey.person
    if not campaign.is_multi or campaign.fallback_delay is None or _has_stopped(journey, journey.calls):
        return []
    invited = [campaign.channels.index(other.channel) for other in journey.calls if other.kind == "invitation"]
    return [
        channel
        for channel in campaign.channels[max(invited, default=-1) + 1 :]
        if channel in person.addresses and (channel, person.addresses[channel]) not in person.tenant.once_closed
    ]


def _has_stopped(journey: Journey, calls: list[Call]) -> bool:
    """Return whether the stop condition has ended the fallbacks without a response."""
    match journey.campaign.stops_on:
        case "opened":
            return journey.is_opened or any(other.is_opened for other in calls)
        case "delivered":
            return journey.is_opened or any(other.is_delivered for other in calls)
    return False


def _about_thanks(call: Call) -> Iterator[str]:
    """Thank-yous go to recipients who have responded, once."""
    journey, campaign = call.journey, call.journey.campaign
    asked = campaign.thanks[: call.number]
    if len(asked) < call.number or asked[-1].channel != call.channel:
        yield "the distribution has no such thanks"
        return
    if journey.responded_at is None:
        yield "nobody has answered"
    elif call.at < journey.responded_at + min(follow_up.delay for follow_up in asked):
        yield f"the answer came at {journey.responded_at}, the delay is {asked[-1].delay}"
    for other in journey.calls:
        if other.kind == "thanks" and not other.is_of_step(call) and other.has_arrived:
            yield "the person has been thanked"


def _about_step(call: Call, here: list[Call], evidence_window: timedelta) -> Iterator[str]:
    """Whether another attempt may follow the earlier attempts on this step."""
    unknown = [other for other in here if other.answer == "unknown"]
    if any(other.answer == "accepted" for other in here):
        yield "the provider had accepted it on this channel"
    if any(other.answer == "permanent" and not other.is_about_account for other in here):
        yield "the provider had refused it on this channel"
    if unknown:
        if call.channel != "email":
            yield "a message of unknown outcome is never repeated on this channel"
        if sum(not other.has_failed for other in unknown) > 1:
            yield "two attempts of unknown outcome were followed by a third"
        if any(other.is_known for other in unknown) or (here[-1].answer == "unknown" and here[-1].has_failed):
            yield "the provider had reported what became of it"
        if call.at < unknown[-1].at + evidence_window:
            yield "the provider may still report what became of it"


def _about_reason(call: Call, last: Call, there: list[Call]) -> Iterator[str]:
    """Whether the chain may continue on this channel. `there` are all attempts on the last one."""
    campaign, person = call.journey.campaign, call.journey.person
    if last.has_arrived and _has_stopped(call.journey, [last]):
        yield f"what the fallbacks stop on ({campaign.stops_on}) has happened"
    if last.has_failed or (last.answer == "permanent" and not last.is_about_account):
        return
    if person.tenant.is_closed(last.channel, person.addresses.get(last.channel, "")):
        return
    if last.may_have_left:
        if campaign.fallback_delay is None:
            yield "the message before has not failed, and no delay was asked for"
        first_at = min(other.at for other in there if other.may_have_left)
        if campaign.fallback_delay is not None and call.at < first_at + campaign.fallback_delay:
            yield f"the message before left at {first_at}, the delay is {campaign.fallback_delay}"
    elif not _was_tried_long_enough(there, call.at):
        yield "the channel before was not tried long enough"


def _was_tried_long_enough(calls: list[Call], until: datetime) -> bool:
    """Return whether a person's message was tried on a channel for as long as it must be before it fails."""
    recorded = [other for other in calls if other.answer in ("transient", "unknown") and not other.is_about_account]
    channel = calls[-1].channel
    enough = RETRIED_FOR[channel] - LONGEST_WAIT[channel] - timedelta(seconds=1)
    return bool(recorded) and until >= recorded[0].at + enough


def failed_without_reason(journey: Journey) -> Iterator[str]:
    """Yield the channels on which a failed journey was tried and nothing was wrong with the person or its message.

    What a provider has for trouble of its own fails nobody, however long it lasts.
    """
    person = journey.person
    for channel in dict.fromkeys(call.channel for call in journey.calls):
        calls = [call for call in journey.calls if call.channel == channel]
        is_refused = any(call.answer == "permanent" and not call.is_about_account for call in calls)
        is_closed = (channel, person.addresses.get(channel, "")) in person.tenant.once_closed
        has_reason = is_refused or is_closed or any(call.has_failed for call in calls)
        if not has_reason and not _was_tried_long_enough(calls, calls[-1].at):
            yield f"nothing was wrong by {channel}"


def expect_risk(call: Call) -> None:
    """Count a duplicate risk: a second copy may have left, and no event reported the outcome of the first."""
    earlier = [other for other in call.journey.calls if other.is_of_step(call) and other is not call]
    in_doubt = [other for other in earlier if other.answer == "unknown" and not other.is_known and not other.has_failed]
    if call.may_have_left and len(in_doubt) == 1:
        call.journey.campaign.duplicate_risks += 1


def was_held_back(person: Person, journey: Journey) -> bool:
    """Return whether another journey's message may have held this one back."""
    return any(other.journey is not journey and other.may_have_left for other in person.sends)
