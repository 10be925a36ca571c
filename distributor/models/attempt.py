"""Attempts: what came of each hand-over of a message to a provider."""

from django.db import models
from django.db.models import Q

from contacts.channel import Channel
from distributor.rules.journey.delivery_events import Progress, Trouble


class AttemptState(models.TextChoices):
    SENT = "sent"  # the provider accepted the message
    FAILED = "failed"  # the provider did not accept it
    UNKNOWN = "unknown"  # the provider's response was lost, and no event has reported the outcome


class Attempt(models.Model):
    """One attempt to send to one recipient, written when its hand-over is settled.

    The primary key is also the attempt's id at the provider.
    """

    pk = models.CompositePrimaryKey("recipient_id", "number")
    recipient_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField()
    step_id = models.UUIDField()
    provider_account_id = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=7, choices=AttemptState)
    provider_message_id = models.CharField(max_length=255, blank=True)
    code = models.CharField(max_length=63, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    # The highest ranks of the provider's events (rules/journey/delivery_events.py).
    progress = models.PositiveSmallIntegerField(
        db_default=Progress.NONE.value, choices=[(rank.value, rank.name.lower()) for rank in Progress]
    )
    trouble = models.PositiveSmallIntegerField(
        db_default=Trouble.NONE.value, choices=[(rank.value, rank.name.lower()) for rank in Trouble]
    )
    # Why this account, where the results of its messages changed its share (engine/route/steering.py).
    route = models.JSONField(null=True)
    # What the message was made of (decision 46): the texts' key (channels/models/kept_text.py), and the values of their
    # placeholders that may change later.
    text_key = models.UUIDField(null=True)
    piped_values = models.JSONField(null=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        # Holds few rows, and none when an attempt is written. Lets bounces be counted without reading all attempts.
        indexes = [
            models.Index(fields=("recipient_id",), name="troubled_attempts", condition=Q(trouble__gt=0)),
            # Few rows, too: what failed last, for the control room.
            models.Index(
                fields=("provider_account_id", "-ended_at"),
                name="failed_attempts_by_account",
                condition=Q(state="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id}/{self.number}: {self.state}"
