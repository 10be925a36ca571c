"""Expansion in chunks of ten, and its outcome."""

from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision, Distribution, Recipient

CHUNK = 10


def expand() -> None:
    while expand_chunk(database_now(), CHUNK):
        pass


def totals_of(distribution: Distribution) -> dict[str, int]:
    """The outcomes that are not zero, once they are known to be what the rows say."""
    row = Distribution.objects.get(pk=distribution.pk)
    recipients = Recipient.objects.filter(distribution=row)
    skipped = Decision.objects.filter(distribution_id=row.pk, recipient_id=None)
    assert (row.recipient_count, row.skipped_count) == (recipients.count(), skipped.count())
    assert sum(row.totals.values()) == row.accepted_count
    return {name: count for name, count in row.totals.items() if count}


def status_of(distribution: Distribution) -> str:
    return Distribution.objects.get(pk=distribution.pk).status_at(database_now()).value
