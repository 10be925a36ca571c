"""Work of any size that goes on in chunks."""

from django.db import models


class ChunkedWork(models.Model):
    """When the next chunk is due, and how the work fares; `after_id` of each kind says how far it got.

    The row's lock is a worker's hold: a chunk and the step forward are one transaction, so that a crash undoes both.
    """

    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="Since it last got on.")
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True
