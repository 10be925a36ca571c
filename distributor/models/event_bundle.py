"""Event bundles: what happened in one transaction, for callers who are told about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from distributor.rules.event_types import EventType


class EventBundle(models.Model):
    """Events of one type, written in one transaction: accepting 1,000 people is one row.

    Single events are made of it when somebody reads them (engine/events/render.py): one for each of `subject_ids`, else
    one for the whole row. Subjects are recipients; of skipped contacts they are decisions. `numbers` are the numbers of
    their attempts. `details` name nobody, so erasing a person changes nothing here.

    `position` is the row's place in its organisation's stream. It is given after the commit, when somebody reads
    (engine/events/numbering.py).
    """

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(null=True)
    organization_id = models.UUIDField()
    distribution_id = models.UUIDField(null=True)
    type = models.CharField(max_length=31, choices=[(kind.value, kind.value) for kind in EventType])
    at = models.DateTimeField(db_default=Now())
    subject_ids = ArrayField(models.BigIntegerField(), null=True)
    numbers = ArrayField(models.SmallIntegerField(), null=True)
    details = models.JSONField(db_default={})

    class Meta:
        indexes = [
            models.Index(
                fields=("organization_id", "position"), name="events_by_position", condition=Q(position__isnull=False)
            ),
            models.Index(fields=("organization_id", "at", "id"), name="events_by_time"),
            # Empty soon after somebody reads; without readers it is never read.
            models.Index(fields=("organization_id", "id"), name="unnumbered_events", condition=Q(position=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(numbers=None) | Q(numbers__len=models.F("subject_ids__len")),
                name="each_number_has_its_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%d %H:%M:%S}"
