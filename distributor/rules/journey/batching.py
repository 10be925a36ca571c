"""How recipients are grouped into batches, and which lane a batch takes."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT")

# A batch is claimed as a whole. A thousand is what the largest provider call takes (SendGrid's limit).
BATCH_SIZE = 1_000
URGENT_LIMIT = 10
NORMAL_LIMIT = 500


def lane_for(recipient_count: int) -> str:
    """Return the lane for a send of this size: small sends overtake large ones."""
    if recipient_count <= URGENT_LIMIT:
        return "urgent"
    return "normal" if recipient_count <= NORMAL_LIMIT else "bulk"


def cut(items: Sequence[ItemT], size: int = BATCH_SIZE) -> Iterator[Sequence[ItemT]]:
    """Yield the items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
