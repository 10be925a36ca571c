"""Timelines: what happened to each recipient, read in a few queries for a whole page of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.account_state.buckets import bucket_of
from channels.models import ProviderAccount
from distributor.engine.infrastructure.tracing import trace_id_of
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.journey.decisions import new_decision
from distributor.models import Attempt, Batch, Decision, MachineVisits, ProviderEvent, Recipient, Step
from distributor.models.attempt import AttemptState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.journey.delivery_events import OPT_OUT_REQUESTS
from distributor.rules.phrases import explain_machine_visits, explain_route, name_step
from distributor.rules.timing.time_zones import zone_named

# Opens are taken from the recipient's row and sends from its attempts. STOP and START concern the address.
_LEFT_OUT_KINDS = frozenset({"sent", "opened", *OPT_OUT_REQUESTS})


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened to a recipient. `detail` is a short text, for example "email 550 5.1.1".

    `provider_text` is what the provider said about it in its own words, for example "550 5.1.1 No such user".
    """

    at: datetime
    kind: str
    detail: str = ""
    provider_text: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recipient with everything that is known about its journey.

    `batch` is the one it waits in, or waited in last. `provider_events` are in the order in which they happened.
    `steps` holds the attempted steps by id. `machine_visits` are those to its link, if any. `language` is that of the
    texts: “en” for API callers.
    """

    recipient: Recipient
    batch: Batch
    attempts: Sequence[Attempt]
    decisions: Sequence[Decision]
    provider_events: Sequence[ProviderEvent]
    steps: Mapping[UUID, Step]
    machine_visits: MachineVisits | None = None
    language: str = "en"

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return zone_named(self.batch.distribution.organization.time_zone)

    @property
    def is_being_cancelled(self) -> bool:
        """Whether the distribution was cancelled, but workers have not stopped this recipient yet."""
        return self.recipient.state == RecipientState.WAITING and self.batch.distribution.cancelled_at is not None

    @property
    def state(self) -> str:
        """One of registered, waiting, sent, failed, indeterminate and stopped."""
        if self.is_being_cancelled:
            return RecipientState.STOPPED.value
        return self.recipient.outcome if self.recipient.state == RecipientState.FINISHED else self.recipient.state

    @property
    def reason(self) -> str:
        return Reason.CANCELLED.value if self.is_being_cancelled else self.recipient.reason

    @property
    def due_at(self) -> datetime | None:
        return self.batch.due_at if self.state == RecipientState.WAITING else None

    @property
    def waits_for(self) -> str:
        """The message that the recipient waits for, or waited for last, such as “sms reminder”."""
        return name_step(self.batch.step.kind, self.batch.step.channel, language=self.language)

    @property
    def events(self) -> list[TimelineEvent]:
        """What happened to the recipient, in the order of time."""
        return sorted(self._unsorted_events(), key=attrgetter("at"))

    def _unsorted_events(self) -> Iterator[TimelineEvent]:
        recipient = self.recipient
        trace_id = trace_id_of(self.batch.distribution.traceparent)
        yield TimelineEvent(recipient.created_at, "accepted", f"trace {trace_id}" if trace_id else "")
        for attempt in self.attempts:
            if attempt.route is not None:
                yield TimelineEvent(attempt.begun_at, "routed", explain_route(attempt.route, language=self.language))
            at = attempt.begun_at if attempt.state == AttemptState.SENT else attempt.ended_at
            yield TimelineEvent(at, attempt.state, self._describe(attempt, attempt.code), attempt.detail)
        # An attempt and the decision that follows from it may have the same time. The stable sort keeps this order.
        for decision in self.decisions:
            yield TimelineEvent(decision.decided_at, decision.kind, decision.reason)
        yield from self._delivery_events()
        if self.machine_visits is not None:
            yield self._visited_by_machine(self.machine_visits)
        if recipient.first_opened_at is not None:
            yield TimelineEvent(recipient.first_opened_at, "opened")
        if recipient.responded_at is not None:
            yield TimelineEvent(recipient.responded_at, "responded")

    def _delivery_events(self) -> Iterator[TimelineEvent]:
        """Yield the first provider event of each kind for each attempt."""
        attempts = {(attempt.number, attempt.provider_account_id): attempt for attempt in self.attempts}
        seen = set()
        for event in self.provider_events:
            attempt = attempts.get((event.attempt_number or 0, event.provider_account_id))
            key = (event.attempt_number, event.kind)
            if attempt is None or event.is_machine or event.kind in _LEFT_OUT_KINDS or key in seen:
                continue
            seen.add(key)
            # A provider's clock, often in whole seconds, may lag behind ours.
            at = max(event.occurred_at, attempt.begun_at)
            yield TimelineEvent(at, event.kind, self._describe(attempt, event.code), event.detail)

    def _describe(self, attempt: Attempt, code: str) -> str:
        """Return the attempt's channel, its step's kind unless it is an invitation, and the provider's code if any."""
        step = self.steps[attempt.step_id]
        return " ".join(filter(None, (name_step(step.kind, step.channel, language=self.language), code)))

    def _visited_by_machine(self, visits: MachineVisits) -> TimelineEvent:
        text = explain_machine_visits(visits.count, visits.sign, language=self.language)
        return TimelineEvent(visits.first_at, "visited_by_machine", text)


def read_timelines(
    distribution_id: UUID, after_id: int, limit: int, *, contact_ids: Sequence[UUID] | None = None
) -> list[Timeline]:
    """Return timelines of a distribution's recipients in the order of acceptance, starting after a recipient's id.

    With `contact_ids`, only those of these contacts.
    """
    recipients = Recipient.objects.filter(distribution_id=distribution_id, id__gt=after_id).select_related("contact")
    if contact_ids is not None:
        recipients = recipients.filter(contact_id__in=contact_ids)
    return timelines_of(list(recipients.order_by("id")[:limit]))


def timelines_of(recipients: Sequence[Recipient], *, language: str = "en") -> list[Timeline]:
    """Return the timelines of these recipients, in their order. Their contacts should be loaded with them."""
    ids = [recipient.id for recipient in recipients]
    attempts = read_attempts(ids)
    decisions: dict[int | None, list[Decision]] = defaultdict(list)
    for decision in Decision.objects.filter(recipient_id__in=ids).order_by("id"):
        decisions[decision.recipient_id].append(decision)
    provider_events: dict[int | None, list[ProviderEvent]] = defaultdict(list)
    for event in ProviderEvent.objects.filter(recipient_id__in=ids).order_by("occurred_at", "id").defer("raw"):
        provider_events[event.recipient_id].append(event)
    machine_visits = MachineVisits.objects.in_bulk(ids)
    step_ids = {attempt.step_id for recipient_attempts in attempts.values() for attempt in recipient_attempts}
    steps = Step.objects.in_bulk(step_ids)
    batch_ids = {recipient.batch_id for recipient in recipients}
    batches = Batch.objects.select_related("step", "distribution__organization").in_bulk(batch_ids)
    held_by = {batch.held_by for batch in batches.values() if batch.held_by is not None}
    accounts = ProviderAccount.objects.select_related("pace").in_bulk(held_by) if held_by else {}
    return [
        Timeline(
            recipient,
            batches[recipient.batch_id],
            attempts[recipient.id],
            _with_wait(recipient, batches[recipient.batch_id], decisions[recipient.id], accounts),
            provider_events[recipient.id],
            steps,
            machine_visits.get(recipient.id),
            language,
        )
        for recipient in recipients
    ]


def _with_wait(
    recipient: Recipient, batch: Batch, decisions: list[Decision], accounts: Mapping[UUID, ProviderAccount]
) -> list[Decision]:
    """Add why the recipient waits now, if it is because an account does not work and no decision says so yet.

    Nothing is stored for recipients who were never handed over: an outage would write a row for each of them.
    """
    account = accounts.get(batch.held_by) if batch.held_by is not None else None
    if recipient.state != RecipientState.WAITING or account is None:
        return decisions
    bucket = bucket_of(account)
    since = bucket.failing_since
    if since is None or any(decision.detail.get("since") == since.isoformat() for decision in decisions):
        return decisions
    wait = new_decision(
        DecisionKind.DEFERRED,
        "account_unavailable",
        max(since, recipient.created_at),
        distribution_id=recipient.distribution_id,
        contact_id=recipient.contact_id,
        recipient_id=recipient.pk,
        detail={
            "channel": batch.step.channel,
            "account": account.name,
            "since": since.isoformat(),
            "detail": bucket.broken_because,
        },
        until=batch.due_at,
    )
    return [*decisions, wait]
