"""The journeys that events may change, and the corrections of them: read, collected and written in a few statements."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journey.attempts import read_attempts, since_retry
from distributor.engine.journey.batches import arm_batch
from distributor.engine.journey.decisions import find_stopped
from distributor.engine.journey.frequency_slots import release_slots
from distributor.engine.journey.people import Person, lock_people
from distributor.engine.journey.transitions import Correction, correct_recipients
from distributor.engine.route.step_context import StepContext, load_step_context
from distributor.models import Attempt, Decision, Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.journey.batching import lane_for
from distributor.rules.journey.chain import fallbacks_are_over
from distributor.rules.journey.conclusion import conclude
from distributor.rules.journey.outcomes import failure_reason, has_unknown, is_delivered, reached_at
from distributor.rules.journey.stop_reasons import StopReason

_FALLBACK_STOPS = [reason for reason in StopReason if reason.is_about_fallbacks]


@dataclass(frozen=True, slots=True)
class Journey:
    """A locked recipient with its attempts in order. `was_stopped`: for good, not only its fallbacks."""

    recipient: Recipient
    person: Person
    attempts: Sequence[Attempt]
    was_stopped: bool

    @property
    def attempts_since_retry(self) -> Sequence[Attempt]:
        """The attempts since the last manual retry; all of them if there was none."""
        return since_retry(self.attempts, self.person)

    @property
    def is_retried_in_vain(self) -> bool:
        """Whether a message from before the last manual retry counts as sent after all, and none of it does."""
        retried = self.attempts_since_retry
        return len(retried) < len(self.attempts) and self.reached_at is not None and reached_at(retried) is None

    @property
    def last_attempt(self) -> Attempt:
        return self.attempts[-1]

    @property
    def reached_at(self) -> datetime | None:
        """When the first message that counts as sent left."""
        return reached_at(self.attempts)

    @property
    def are_fallbacks_over(self) -> bool:
        """Whether the distribution's stop condition has been met."""
        is_opened = self.recipient.first_opened_at is not None
        stops_on = self.recipient.distribution.stops_on
        return fallbacks_are_over(stops_on, is_opened=is_opened, is_delivered=is_delivered(self.attempts))


def read_journeys(recipient_ids: Collection[int]) -> list[Journey]:
    """Return the journeys of those recipients that have any attempt, in the order of their ids."""
    ids = list(recipient_ids)
    people = {person.recipient_id: person for person in lock_people(ids)}
    attempts = read_attempts(ids)
    stopped_ids = find_stopped(ids, lambda reason: reason not in _FALLBACK_STOPS)
    recipients = Recipient.objects.filter(id__in=list(attempts)).select_related("batch__step", "distribution")
    return [
        Journey(recipient, people[recipient.pk], attempts[recipient.pk], recipient.pk in stopped_ids)
        for recipient in recipients.order_by("id")
    ]


@dataclass(slots=True)
class Corrections:
    """What is to be written. `continuing` holds journeys by distribution, next step and due time.

    `signals` are the details of what people said since they were accepted, by recipient.
    """

    now: datetime
    signals: Mapping[int, dict[str, str]]
    ready: list[Correction] = field(default_factory=list)
    continuing: dict[tuple[UUID, UUID, datetime], list[Journey]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    unreached: dict[UUID, list[tuple[UUID, int, datetime]]] = field(default_factory=dict)
    _contexts: dict[UUID, StepContext] = field(default_factory=dict)

    def context_of(self, journey: Journey) -> StepContext:
        """Return the context of the journey's last attempted step."""
        step_id = journey.last_attempt.step_id
        if step_id not in self._contexts:
            self._contexts[step_id] = load_step_context(journey.recipient.distribution_id, step_id)
        return self._contexts[step_id]

    def keep(self, journey: Journey) -> None:
        """Leave the journey as it is, except for when it was first sent to."""
        recipient = journey.recipient
        correction = Correction(recipient.pk, recipient.state, recipient.outcome, recipient.reason, journey.reached_at)
        self.ready.append(correction)

    def end(self, journey: Journey) -> None:
        """Finish the journey with the outcome that its attempts have."""
        conclusion = conclude(
            has_reached=journey.reached_at is not None,
            has_unknown=has_unknown(journey.attempts),
            failed_for=failure_reason([attempt.trouble for attempt in journey.attempts]) or journey.recipient.reason,
        )
        self.ready.append(Correction.to_end(journey.recipient.pk, conclusion, journey.reached_at))

    def continue_with(self, journey: Journey, step_id: UUID, due_at: datetime) -> None:
        """Let the journey wait for this step."""
        self.continuing.setdefault((journey.recipient.distribution_id, step_id, due_at), []).append(journey)

    def release_slot(self, journey: Journey) -> None:
        """Release the frequency slot that the last attempt reserved."""
        slot = (journey.person.id, journey.recipient.pk, journey.last_attempt.begun_at)
        self.unreached.setdefault(journey.recipient.distribution.survey_id, []).append(slot)

    def write(self, counts: defaultdict[UUID, Counter[str]]) -> None:
        """Write all of it, and add what it changes to `counts`."""
        for (_, step_id, due_at), journeys in self.continuing.items():
            batch_id = arm_batch(journeys[0].recipient.batch, step_id, due_at, len(journeys))
            self.ready += [
                Correction(journey.recipient.pk, RecipientState.WAITING, "", "", journey.reached_at, batch_id=batch_id)
                for journey in journeys
            ]
            if due_at <= self.now:
                wake_lane_on_commit(lane_for(len(journeys)))
        Decision.objects.bulk_create(self.decisions)
        for distribution_id, changes in correct_recipients(self.ready).items():
            counts[distribution_id].update(changes)
        for survey_id, unreached in sorted(self.unreached.items()):
            release_slots(survey_id, unreached)
