"""Frequency slots: the records behind the throttle and the frequency rules."""

from django.db import models


class Touch(models.Model):
    """A frequency slot: when a contact was last sent a survey, and by which recipient's journey.

    A journey is not held back by its own slot.
    """

    pk = models.CompositePrimaryKey("contact_id", "survey_id")
    contact_id = models.UUIDField()
    survey_id = models.UUIDField()
    recipient_id = models.BigIntegerField()
    # NULL: the slot was released, because the message did not leave, and there was no earlier send.
    last_sent_at = models.DateTimeField(null=True)
    previous_sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "touches"

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.last_sent_at}"
