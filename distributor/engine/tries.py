"""Reading recipients' tries."""

from collections import defaultdict
from collections.abc import Collection

from distributor.models import Attempt


def read_tries(recipient_ids: Collection[int]) -> dict[int, list[Attempt]]:
    """The tries of each recipient that has any, in their order."""
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(recipient_id__in=recipient_ids).order_by("recipient_id", "number"):
        tries[attempt.recipient_id].append(attempt)
    return tries
