"""Follow-ups: reminders and thank-yous added to an existing distribution."""

from django.db import models
from django.db.models import Q

from distributor.models.chunked_work import ChunkedWork
from distributor.models.step import Step


class FollowUp(ChunkedWork):
    """A step added to an existing distribution, and how far workers have assigned it to recipients.

    `after_id` is the last recipient that was processed.
    """

    step = models.OneToOneField(Step, models.CASCADE, primary_key=True, related_name="follow_up")
    after_id = models.BigIntegerField(default=0)
    armed_count = models.PositiveIntegerField(default=0, help_text="How many recipients were set to wait for the step.")
    is_done = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=("due_at",), name="follow_ups_to_bring", condition=Q(is_done=False))]

    def __str__(self) -> str:
        return f"assigning {self.step}"
