"""Background work of any size, done in chunks."""

from django.db import models


class ChunkedWork(models.Model):
    """When the next chunk is due, and how often it has failed. Each subclass's `after_id` is the last row processed.

    A worker locks the row. A chunk and the new `after_id` are one transaction, so that a crash undoes both.
    """

    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="How often the next chunk has failed so far.")
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True
