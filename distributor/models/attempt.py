"""What came of each try."""

from django.db import models

from contacts.channel import Channel


class AttemptState(models.TextChoices):
    SENT = "sent"  # the provider took it
    FAILED = "failed"  # the provider did not
    UNKNOWN = "unknown"  # the answer was lost


class Attempt(models.Model):
    """One recipient, one try: written when its hand-over is settled. The key is also the id at the provider."""

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
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.recipient_id}/{self.number}: {self.state}"
