"""How far the deletion of what is kept no longer has come."""

from django.db import models

from distributor.models.chunked_work import ChunkedWork


class RetentionRun(ChunkedWork):
    """The deletion of one kind of rows, all organisations together. Once through the table, it is due a day later.

    `after_id` is the key of the last row that was looked at; empty before the first.
    """

    kind = models.CharField(max_length=15, primary_key=True)
    after_id = models.CharField(max_length=36, blank=True)
    deleted_count = models.PositiveBigIntegerField(default=0, help_text="How many rows were deleted so far, in all.")
    finished_at = models.DateTimeField(null=True, help_text="When the last pass through the table ended.")

    def __str__(self) -> str:
        return self.kind
