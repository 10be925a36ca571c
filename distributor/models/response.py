"""What people answered."""

from django.db import models

from contacts.ids import new_id
from distributor.models.recipient import Recipient
from distributor.models.survey import Survey


class Response(models.Model):
    """An answered survey, with the recipient's attributes as they were then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses")
    recipient = models.ForeignKey(
        Recipient, models.CASCADE, related_name="responses", db_constraint=False, db_index=False
    )
    locale = models.CharField(max_length=35, blank=True)
    attributes = models.JSONField(default=dict)
    answers = models.JSONField()
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=("recipient",), name="one_response_per_recipient")]

    def __str__(self) -> str:
        return f"{self.survey} at {self.submitted_at:%Y-%m-%d %H:%M:%S}"
