"""Attempts: read them, and make and read the id that each one has at a provider."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from distributor.engine.infrastructure.installation import read_plain_ids_below
from distributor.engine.journey.people import Person
from distributor.engine.journey.sealed_ids import seal_all, unseal
from distributor.models import Attempt, Recipient

_SEALED = re.compile(r"[0-9a-f]{32}")
_PLAIN = re.compile(r"([0-9a-f]{1,16})-([1-9][0-9]{0,4})")


def attempt_id(recipient_id: int, number: int) -> str:
    """Return the id that is sent to the provider and comes back in its events: 32 hexadecimal digits.

    It exists before the attempt's row does. Recipients older than sealed ids keep their plain ones, such as "2f-1":
    providers know repeated attempts by them.
    """
    return attempt_ids([(recipient_id, number)])[0]


def attempt_ids(attempts: Sequence[tuple[int, int]]) -> list[str]:
    """Return the attempt_id() of each recipient's id and number."""
    plain_below = read_plain_ids_below()
    return [
        f"{recipient_id:x}-{number}" if recipient_id < plain_below else sealed.hex()
        for (recipient_id, number), sealed in zip(attempts, seal_all(attempts), strict=True)
    ]


def attempt_ids_of(recipients: Iterable[Recipient]) -> list[str]:
    """Return the ids of the recipients' attempts at providers, with the one that may be with a provider now."""
    return attempt_ids(
        [(recipient.pk, number + 1) for recipient in recipients for number in range(recipient.attempt_count + 1)]
    )


def read_attempt_id(text: str) -> tuple[int, int] | None:
    """Return the recipient's id and the attempt's number from an attempt_id(); None for any other text."""
    if _SEALED.fullmatch(text):
        return _if_possible(unseal(bytes.fromhex(text)))
    if match := _PLAIN.fullmatch(text):
        return _if_possible((int(match[1], 16), int(match[2])))
    return None


def _if_possible(attempt: tuple[int, int] | None) -> tuple[int, int] | None:
    return attempt if attempt and attempt[0] < 2**63 and 0 < attempt[1] < 2**15 else None


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
