"""SMS segments, which are what SMS cost: how many one message may have, and how many were sent on a day."""

from collections.abc import Mapping
from datetime import datetime

from channels.providers.base import Message, Outcome, Result, Scope
from channels.segments import segment_text
from contacts.channel import Channel
from distributor.engine.infrastructure.quotas import count_segments, quota_of
from distributor.engine.route.step_context import StepContext

_LEFT = (Outcome.ACCEPTED, Outcome.UNKNOWN)


def refuse_long_text(context: StepContext, message: Message) -> Result | None:
    """Return the refusal of an SMS with more segments than the organisation sends; None for any other message."""
    if context.step.channel != Channel.SMS:
        return None
    limit = context.distribution.organization.segments_per_text
    if limit is None:
        return None
    segments = segment_text(message.text).segments
    if segments <= limit:
        return None
    detail = f"The text has {segments} SMS segments; the organisation sends at most {limit}."
    return Result(Outcome.PERMANENT, code="too_many_segments", detail=detail, scope=Scope.CONTENT)


def count_text_segments(
    context: StepContext, messages: Mapping[int, Message], results: Mapping[int, Result], begun_at: datetime
) -> None:
    """Count the segments of what may have left, if the organisation limits them. Keys are recipients' ids."""
    organization = context.distribution.organization
    if context.step.channel != Channel.SMS or organization.segments_per_day is None or context.distribution.is_test:
        return
    left = (message for recipient_id, message in messages.items() if results[recipient_id].outcome in _LEFT)
    quota = quota_of(organization, Channel.SMS, begun_at)
    if quota is not None and (segments := sum(segment_text(message.text).segments for message in left)):
        count_segments(quota, segments)
