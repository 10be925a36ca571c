"""Calls that may be repeated without being made again."""

from django.db import models
from django.db.models import F, Q

from contacts.models import ApiKey

MAX_KEY_LENGTH = 255


class IdempotencyKey(models.Model):
    """What a call was answered, under the key that its caller gave it. A row means that the call succeeded.

    Keys are an API key's own: two backends of an organisation that number their calls from 1 do not meet, and
    neither is given the other's links.
    """

    pk = models.CompositePrimaryKey("api_key_id", "key")
    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=MAX_KEY_LENGTH)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=127)
    body = models.BinaryField(help_text="The answer's bytes, as they were sent.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="an_idempotency_key_is_not_empty"),
            models.CheckConstraint(condition=Q(status__range=(200, 299)), name="only_success_is_kept_for_a_replay"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="an_answer_is_kept_for_a_while"),
        ]
        indexes = [models.Index(fields=("expires_at",), name="expiring_idempotency_keys")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
