"""Reading back: each recipient's journey, in a few queries for a whole page of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from distributor.engine.journey.attempts import read_attempts
from distributor.models import Attempt, Batch, Decision, ProviderEvent, Recipient, Step
from distributor.models.attempt import AttemptState
from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.journey.delivery_events import WISHES
from distributor.rules.timing.time_zones import zone_named

# Openings are the recipient's own; that it was sent, its try says; a STOP is about the address.
_TOLD_OTHERWISE = frozenset({"sent", "opened", *WISHES})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a recipient; `about` says more in a few words."""

    at: datetime
    event: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recipient with all that is known of its journey. `due_at` and `channel` are of the batch it waits in.

    `told` is what providers said of its tries, in the order in which it happened; `steps` are those that were tried.
    """

    recipient: Recipient
    batch: Batch
    attempts: Sequence[Attempt]
    decisions: Sequence[Decision]
    told: Sequence[ProviderEvent]
    steps: Mapping[UUID, Step]

    @property
    def zone(self) -> ZoneInfo:
        """Its organisation's."""
        return zone_named(self.batch.distribution.organization.time_zone)

    @property
    def is_called_off(self) -> bool:
        """It waits, but its distribution was cancelled: workers are about to stop it."""
        return self.recipient.state == RecipientState.WAITING and self.batch.distribution.cancelled_at is not None

    @property
    def state(self) -> str:
        """registered, waiting, sent, failed, indeterminate or stopped."""
        if self.is_called_off:
            return RecipientState.STOPPED.value
        return self.recipient.outcome if self.recipient.state == RecipientState.FINISHED else self.recipient.state

    @property
    def reason(self) -> str:
        return Reason.CANCELLED.value if self.is_called_off else self.recipient.reason

    @property
    def due_at(self) -> datetime | None:
        return self.batch.due_at if self.state == RecipientState.WAITING else None

    @property
    def events(self) -> list[Event]:
        """The journey in the order in which it happened."""
        return sorted(self._events(), key=attrgetter("at"))

    def _events(self) -> Iterator[Event]:
        recipient = self.recipient
        yield Event(recipient.created_at, "accepted")
        for attempt in self.attempts:
            at = attempt.begun_at if attempt.state == AttemptState.SENT else attempt.ended_at
            yield Event(at, attempt.state, " ".join(filter(None, (self._described(attempt), attempt.code))))
        # Of one moment are a try and the decision that follows from it: the sort below keeps them in this order.
        for decision in self.decisions:
            yield Event(decision.decided_at, decision.kind, decision.reason)
        yield from self._told()
        if recipient.first_opened_at is not None:
            yield Event(recipient.first_opened_at, "opened")
        if recipient.responded_at is not None:
            yield Event(recipient.responded_at, "responded")

    def _told(self) -> Iterator[Event]:
        """The first of each kind for each try."""
        tries = {(attempt.number, attempt.provider_account_id): attempt for attempt in self.attempts}
        known = set()
        for event in self.told:
            attempt = tries.get((event.attempt_number or 0, event.provider_account_id))
            once = (event.attempt_number, event.kind)
            if attempt is None or event.is_machine or event.kind in _TOLD_OTHERWISE or once in known:
                continue
            known.add(once)
            # A provider's clock, often in whole seconds, may lag behind ours.
            at = max(event.occurred_at, attempt.begun_at)
            yield Event(at, event.kind, " ".join(filter(None, (self._described(attempt), event.code))))

    def _described(self, attempt: Attempt) -> str:
        return self.steps[attempt.step_id].described


def read_timelines(
    distribution_id: UUID, after_id: int, limit: int, *, contact_ids: Sequence[UUID] | None = None
) -> list[Timeline]:
    """The stories of a distribution's recipients in the order of acceptance, from after a recipient's id.

    With `contact_ids` only those of these contacts.
    """
    recipients = Recipient.objects.filter(distribution_id=distribution_id, id__gt=after_id).select_related("contact")
    if contact_ids is not None:
        recipients = recipients.filter(contact_id__in=contact_ids)
    return timelines_of(list(recipients.order_by("id")[:limit]))


def timelines_of(recipients: Sequence[Recipient]) -> list[Timeline]:
    """The stories of these recipients, in their order."""
    ids = [recipient.id for recipient in recipients]
    attempts = read_attempts(ids)
    decisions: dict[int | None, list[Decision]] = defaultdict(list)
    for decision in Decision.objects.filter(recipient_id__in=ids).order_by("id"):
        decisions[decision.recipient_id].append(decision)
    told: dict[int | None, list[ProviderEvent]] = defaultdict(list)
    for event in ProviderEvent.objects.filter(recipient_id__in=ids).order_by("occurred_at", "id").defer("raw"):
        told[event.recipient_id].append(event)
    steps = Step.objects.in_bulk({attempt.step_id for made in attempts.values() for attempt in made})
    batch_ids = {recipient.batch_id for recipient in recipients}
    batches = Batch.objects.select_related("step", "distribution__organization").in_bulk(batch_ids)
    return [
        Timeline(
            recipient,
            batches[recipient.batch_id],
            attempts[recipient.id],
            decisions[recipient.id],
            told[recipient.id],
            steps,
        )
        for recipient in recipients
    ]
