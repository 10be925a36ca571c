"""Hand-overs: calls to a provider."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from distributor.models.batch import Batch


class Handover(models.Model):
    """One call to a provider, committed before it is made. Its outcome is unknown until `settled_at` is set."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="handovers", db_constraint=False)
    fence = models.PositiveIntegerField()
    provider_account_id = models.UUIDField()
    recipient_ids = ArrayField(models.BigIntegerField())
    begun_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=("begun_at",), name="unsettled_handovers", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{len(self.recipient_ids)} at {self.begun_at:%Y-%m-%d %H:%M:%S}"
