"""A recipient's timeline with everything that belongs to one moment beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.reports.sent_message import SentMessage, read_sent_messages
from distributor.engine.reports.timeline import Timeline
from distributor.models import Attempt
from distributor.models.attempt import AttemptState

KINDS: dict[str, str | Promise] = {
    "accepted": _("accepted"),
    "routed": _("account chosen"),
    "sent": _("sent"),
    "failed": _("failed"),
    "unknown": _("outcome unknown"),
    "deferred": _("deferred"),
    "rerouted": _("next channel"),
    "stopped": _("stopped"),
    "retried": _("sent again on request"),
    "delivered": _("delivered"),
    "clicked": _("clicked"),
    "opened": _("opened"),
    "responded": _("responded"),
    "delayed": _("delayed"),
    "bounced": _("bounced"),
    "soft_bounced": _("bounced"),
    "hard_bounced": _("bounced"),
    "dropped": _("dropped by the provider"),
    "undelivered": _("not delivered"),
    "complained": _("reported as spam"),
    "unsubscribed": _("unsubscribed"),
    "visited_by_machine": _("link visited by a machine"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An event. `words` are the provider's own; `attempt` is the attempt that it is about, if its result is told."""

    at: datetime
    kind: str
    label: str | Promise
    text: str = ""
    words: str = ""
    attempt: "ShownAttempt | None" = None


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """An attempt with its account and message. `sandbox_url`: where the sandbox shows it, if it went there."""

    attempt: Attempt
    account: ProviderAccount | None
    message: SentMessage | None
    sandbox_url: str = ""


def read_attempts_shown(timeline: Timeline, *, may_see_sandbox: bool) -> list[ShownAttempt]:
    """Return the recipient's attempts, each with its account, its message and its place in the sandbox."""
    attempts = timeline.attempts
    ids = {attempt.provider_account_id for attempt in attempts}
    accounts = ProviderAccount.objects.defer("credentials").in_bulk(ids) if ids else {}
    messages = read_sent_messages(timeline.recipient, attempts, timeline.steps)
    sandbox = _sandbox_urls(timeline, accounts) if may_see_sandbox else {}
    return [
        ShownAttempt(
            attempt,
            accounts.get(attempt.provider_account_id),
            messages.get(attempt.number),
            sandbox.get(attempt.number, ""),
        )
        for attempt in attempts
    ]


def _sandbox_urls(timeline: Timeline, accounts: dict[UUID, ProviderAccount]) -> dict[int, str]:
    """Return where the sandbox shows the messages that went to it, by the attempt's number, in at most one query."""
    recipient = timeline.recipient
    is_test = timeline.batch.distribution.is_test
    numbers = {}
    for attempt in timeline.attempts:
        account = accounts.get(attempt.provider_account_id)
        if is_test or (account is not None and account.kind == "sandbox"):
            numbers[attempt_id(recipient.pk, attempt.number)] = attempt.number
    if not numbers:
        return {}
    found = SandboxMessage.objects.filter(group_id=str(recipient.distribution_id), attempt_id__in=numbers)
    return {numbers[message.attempt_id]: _sandbox_url(message) for message in found.only("attempt_id", "channel", "to")}


def _sandbox_url(message: SandboxMessage) -> str:
    if message.channel == Channel.EMAIL:
        return reverse("sandbox:email", args=[message.pk])
    return f"{reverse('sandbox:phones')}?to={message.to.replace('+', '%2B')}"


def tell(timeline: Timeline, shown: Sequence[ShownAttempt]) -> list[Moment]:
    """Return the timeline, each decision with its sentence, and each attempt at the moment of its result."""
    sentences: dict[Any, str] = {
        (decision.decided_at, decision.kind, decision.reason): decision.sentence(timeline.zone, timeline.language)
        for decision in timeline.decisions
    }
    by_result = {_result_of(each.attempt): each for each in shown}
    moments = []
    for event in timeline.events:
        sentence = sentences.get((event.at, event.kind, event.detail), "")
        attempt = by_result.get((event.at, event.kind))
        moments.append(
            Moment(
                event.at,
                event.kind,
                KINDS.get(event.kind, event.kind.replace("_", " ")),
                sentence or event.detail,
                event.provider_text,
                attempt,
            )
        )
    return moments


def _result_of(attempt: Attempt) -> tuple[datetime, str]:
    at = attempt.begun_at if attempt.state == AttemptState.SENT else attempt.ended_at
    return at, attempt.state
