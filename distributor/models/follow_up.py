"""How far a step that was added to a distribution has been brought to its people."""

from django.db import models
from django.db.models import Q

from distributor.models.step import Step


class FollowUp(models.Model):
    """A reminder or thank-you that was asked for when its distribution was there, and the last recipient looked at.

    It goes on until it `is_done`. The row's lock is a worker's hold: a chunk of recipients and the step forward are one
    transaction, so that a crash undoes both.
    """

    step = models.OneToOneField(Step, models.CASCADE, primary_key=True, related_name="follow_up")
    after_id = models.BigIntegerField(default=0)
    armed_count = models.PositiveIntegerField(default=0, help_text="People who were put to wait for it.")
    is_done = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="Since it last got on.")
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=("due_at",), name="follow_ups_to_bring", condition=Q(is_done=False))]

    def __str__(self) -> str:
        return f"bringing {self.step}"
