"""The record behind the frequency rules."""

from django.db import models


class Touch(models.Model):
    """When a contact was last sent a survey, and by which recipient's journey (its own does not hold it back)."""

    pk = models.CompositePrimaryKey("contact_id", "survey_id")
    contact_id = models.UUIDField()
    survey_id = models.UUIDField()
    recipient_id = models.BigIntegerField()
    # NULL: the slot was given back (the message certainly did not leave) and there was none before.
    last_sent_at = models.DateTimeField(null=True)
    previous_sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "touches"

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.last_sent_at}"
