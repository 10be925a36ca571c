"""Manual retries: calls that send again to recipients of a distribution who were not reached."""

from django.db import models
from django.db.models import F, Q

from contacts.ids import new_id
from distributor.models.chunked_work import ChunkedWork
from distributor.models.distribution import Distribution


class ManualRetry(ChunkedWork):
    """A request to send again, and how far workers have carried it out.

    `selection` says whom it concerns (rules/journey/manual_retry.py). `after_id` is the last recipient looked at.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="manual_retries")
    selection = models.JSONField()
    source = models.CharField(max_length=63, help_text="Who asked for it: the API key or the operator.")
    created_at = models.DateTimeField()
    after_id = models.BigIntegerField(default=0)
    # Recipients who fail again are not part of the same retry a second time.
    last_id = models.BigIntegerField(help_text="The distribution's last recipient when the retry was asked for.")
    retried_count = models.PositiveIntegerField(default=0, help_text="How many recipients are sent to again.")
    is_done = models.BooleanField(default=False)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "manual retries"
        indexes = [models.Index(fields=("due_at",), name="manual_retries_to_do", condition=Q(is_done=False))]
        constraints = [
            models.CheckConstraint(condition=Q(after_id__lte=F("last_id")), name="a_retry_ends_with_its_last_recipient")
        ]

    def __str__(self) -> str:
        return f"retry of {self.distribution}"
