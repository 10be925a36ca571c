"""Attempts: read them, and make and read the id that each one has at a provider."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from distributor.engine.journey.people import Person
from distributor.models import Attempt

_ATTEMPT_ID = re.compile(r"([0-9a-f]{1,16})-([1-9][0-9]{0,4})")


def attempt_id(recipient_id: int, number: int) -> str:
    """Return the id that is sent to the provider and comes back in its events, for example "2f-1".

    It exists before the attempt's row does.
    """
    return f"{recipient_id:x}-{number}"


def read_attempt_id(text: str) -> tuple[int, int] | None:
    """Return the recipient's id and the attempt's number from an attempt_id(); None for any other text."""
    match = _ATTEMPT_ID.fullmatch(text)
    if match is None:
        return None
    recipient_id, number = int(match[1], 16), int(match[2])
    return (recipient_id, number) if recipient_id < 2**63 and number < 2**15 else None


def read_attempts(recipient_ids: Collection[int]) -> dict[int, list[Attempt]]:
    """Return the attempts of each recipient that has any, in the order of their numbers."""
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(recipient_id__in=recipient_ids).order_by("recipient_id", "number"):
        attempts[attempt.recipient_id].append(attempt)
    return attempts


def since_retry(attempts: Sequence[Attempt], person: Person) -> Sequence[Attempt]:
    """Return the attempts that were made since the person's last manual retry; all of them if there was none."""
    if not person.attempts_before_retry:
        return attempts
    return [attempt for attempt in attempts if attempt.number > person.attempts_before_retry]
