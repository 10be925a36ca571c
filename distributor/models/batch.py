"""Batches: recipients that wait to be sent to together."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from contacts.organization_boundary import SameOrganization
from distributor.models.distribution import Distribution
from distributor.models.step import Step


class Lane(models.TextChoices):
    """Small sends overtake large ones: each lane is a separate queue."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class BatchState(models.TextChoices):
    WAITING = "waiting"  # may have recipients that wait
    PAUSED = "paused"  # likewise, but its distribution is paused: workers skip it
    DONE = "done"  # no recipient waits in it


class BatchQuerySet(models.QuerySet["Batch"]):
    def due(self, now: datetime) -> "BatchQuerySet":
        """Return batches that are due: waiting, their time has come, and no worker holds a lease.

        engine/dispatch/claim.py states the same condition in SQL, for the partial index `waiting_batches`; a test keeps
        the two in step.
        """
        return self.filter(
            Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), state=BatchState.WAITING, due_at__lte=now
        )


class Batch(models.Model):
    """Recipients that wait for the same step at the same time. Workers claim whole batches."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="batches", db_constraint=False)
    step = models.ForeignKey(Step, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    lane = models.CharField(max_length=6, choices=Lane)
    due_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=BatchState, default=BatchState.WAITING)
    # A worker's claim: it ends with the lease, and a later claim, which has a higher fence, invalidates it.
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    claims = models.PositiveSmallIntegerField(default=0, help_text="Claims by workers since it last made progress.")
    # Fixing this account makes the batch due at once (route/waiting_batches.py).
    held_by = models.UUIDField(null=True, help_text="The provider account that the batch waits for. Empty: none.")
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
            models.Index(fields=("organization_id",), name="paused_batches", condition=Q(state=BatchState.PAUSED)),
            models.Index(fields=("held_by",), name="held_batches", condition=Q(held_by__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=BatchState.DONE) | Q(lease_expires_at=None), name="a_done_batch_is_not_held"
            ),
            SameOrganization(
                paths=("organization", "distribution", "step__distribution"),
                name="batch_distribution_and_step_are_of_one_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.size} due at {self.due_at:%Y-%m-%d %H:%M:%S}"
