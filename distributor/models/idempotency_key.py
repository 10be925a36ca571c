"""Idempotency keys: responses kept for repeated calls."""

from django.db import models
from django.db.models import F, Q

from contacts.models import ApiKey

MAX_KEY_LENGTH = 255


class IdempotencyKey(models.Model):
    """The response of a call that succeeded, kept under the idempotency key of its caller.

    Keys belong to one API key: two backends of an organisation that both number their calls from 1 do not collide, and
    neither gets the other's links.
    """

    pk = models.CompositePrimaryKey("api_key_id", "key")
    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=MAX_KEY_LENGTH)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of the call's method, path and body.")
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=127)
    body = models.BinaryField(help_text="The bytes of the response body.")
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
