"""What is scheduled."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from distributor.models.distribution import Distribution
from distributor.models.step import Step


class Lane(models.TextChoices):
    """Small sends overtake large ones: each lane is a queue of its own."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class BatchState(models.TextChoices):
    WAITING = "waiting"  # some of its recipients wait, or it was not looked at since
    PAUSED = "paused"  # likewise, but its distribution is paused: nobody looks at it
    DONE = "done"  # none of them does


class BatchQuerySet(models.QuerySet["Batch"]):
    def due(self, now: datetime) -> "BatchQuerySet":
        """The one definition of due: waiting, its moment has come, and no worker holds it.

        dispatch/claim.py repeats it in SQL for the partial index `waiting_batches`; a test holds the two together.
        """
        return self.filter(
            Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), state=BatchState.WAITING, due_at__lte=now
        )


class Batch(models.Model):
    """Recipients that wait for the same step at the same moment: the one way to wait and to be picked up."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="batches", db_constraint=False)
    step = models.ForeignKey(Step, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    lane = models.CharField(max_length=6, choices=Lane)
    due_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=BatchState, default=BatchState.WAITING)
    # A worker's hold: the lease says until when, the fence which hold it is (a later one invalidates an earlier).
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0, help_text="Holds since it last got on; see recovery.")
    # Whoever puts this account right wakes the batch before its time (engine/route/waiting_batches.py).
    held_by = models.UUIDField(null=True, help_text="The provider account that it waits for.")
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(
                fields=("lane", "organization_id", "due_at"),
                name="waiting_batches",
                condition=Q(state=BatchState.WAITING),
            ),
            models.Index(fields=("held_by",), name="held_batches", condition=Q(held_by__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=BatchState.DONE) | Q(lease_expires_at=None), name="a_done_batch_is_not_held"
            )
        ]

    def __str__(self) -> str:
        return f"{self.size} due at {self.due_at:%Y-%m-%d %H:%M:%S}"
