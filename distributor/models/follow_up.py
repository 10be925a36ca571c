"""How far a step that was added to a distribution has been brought to its people."""

from django.db import models
from django.db.models import Q

from distributor.models.chunked_work import ChunkedWork
from distributor.models.step import Step


class FollowUp(ChunkedWork):
    """A reminder or thank-you that was asked for when its distribution was there, and the last recipient looked at.

    It goes on until it `is_done`.
    """

    step = models.OneToOneField(Step, models.CASCADE, primary_key=True, related_name="follow_up")
    after_id = models.BigIntegerField(default=0)
    armed_count = models.PositiveIntegerField(default=0, help_text="People who were put to wait for it.")
    is_done = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=("due_at",), name="follow_ups_to_bring", condition=Q(is_done=False))]

    def __str__(self) -> str:
        return f"bringing {self.step}"
