"""What a call has come to, in terms that are the same for every face."""

import re
from datetime import datetime, timedelta
from typing import Any

from channels.models import SandboxMessage
from contacts.models import Contact
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.timeline import Timeline, timelines_of
from distributor.models import Batch, Decision, Recipient, Step
from tests.conformance.faces import World
from tests.support.engine.people import dispatch_at


def read_meaning(world: World, known_ids: set[Any]) -> dict[str, Any]:
    """Recipients, who was left out, links, steps with their moments, and the messages that leave when they are due.

    `known_ids` are contacts that there were before; who was made by the call has no id to compare.
    """
    while expand_chunk(database_now()):
        pass
    timelines = timelines_of(list(Recipient.objects.select_related("contact").order_by("id")))
    return {
        "recipients": {_address(timeline.recipient.contact): _recipient(timeline, known_ids) for timeline in timelines},
        "skipped": {
            _address(Contact.objects.get(pk=decision.contact_id)): decision.reason
            for decision in Decision.objects.filter(kind="skipped", recipient_id=None)
        },
        "links": {
            _address(timeline.recipient.contact): _link(world, timeline.recipient.code) for timeline in timelines
        },
        "steps": [
            (step.kind, step.channel, step.provider_account_id, step.template_id, step.fallback_delay_minutes)
            for step in Step.objects.order_by("position")
        ],
        "messages": _messages(timelines),
    }


def outcome_of(meaning: dict[str, Any]) -> dict[str, str]:
    """In one word for each address: `now`, `later`, `registered` or another state, or why somebody is left out."""
    states: dict[str, str] = {
        address: ("now" if one["due_at"] == "at once" else "later") if one["state"] == "waiting" else one["state"]
        for address, one in meaning["recipients"].items()
    }
    skipped: dict[str, str] = meaning["skipped"]
    return states | skipped


def _address(contact: Contact) -> str:
    return contact.email or contact.phone


def _recipient(timeline: Timeline, known_ids: set[Any]) -> dict[str, Any]:
    recipient, contact = timeline.recipient, timeline.recipient.contact
    return {
        "contact": (contact.pk if contact.pk in known_ids else "new", contact.email, contact.phone, contact.full_name),
        "state": timeline.state,
        "reason": timeline.reason,
        "decisions": [(decision.kind, decision.reason, decision.until) for decision in timeline.decisions],
        "step": timeline.batch.step.position,
        "due_at": "at once" if timeline.due_at and timeline.due_at <= recipient.created_at else timeline.due_at,
    }


def _link(world: World, code: str) -> dict[str, Any]:
    """As survey tools are told of it, and as it answers to who follows it."""
    told = world.client.get(f"/api/v1/links/{code}").json()
    for name in ("code", "distributionId"):
        del told[name]
    del told["contact"]["id"]
    return {**told, "page": world.client.get(f"/p/{code}").status_code}


def _messages(timelines: list[Timeline]) -> list[tuple[str, ...]]:
    """What leaves if nothing intervenes, up to the moment when the last of them is due."""
    latest: datetime = max(Batch.objects.values_list("due_at", flat=True), default=database_now())
    dispatch_at(max(latest, database_now()) + timedelta(seconds=1))
    codes = "|".join(timeline.recipient.code for timeline in timelines) or "(?!)"
    return sorted(
        (
            message.to,
            message.to_name,
            message.channel,
            message.sender,
            message.subject,
            re.sub(codes, "…", message.text),
        )
        for message in SandboxMessage.objects.all()
    )
