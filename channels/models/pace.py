"""The state of an account's rate limits. It changes with every batch, so it is not part of the account's row."""

from django.db import models

from channels.account_state.rate_limit import Bucket
from channels.models.provider_account import ProviderAccount


class Pace(models.Model):
    """An account's bucket (account_state/rate_limit.py), locked while tokens are taken. No row: it is unused."""

    account = models.OneToOneField(ProviderAccount, models.CASCADE, primary_key=True, related_name="pace")
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField(null=True)
    turn_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    sent_today = models.PositiveIntegerField(default=0)
    broken_because = models.CharField(max_length=255, blank=True)
    probe_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    doubted = models.JSONField(default=list)
    throttle_level = models.PositiveIntegerField(default=0)
    is_unreachable = models.BooleanField(default=False)
    failed_probes = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"pace of {self.account_id}"

    @property
    def bucket(self) -> Bucket:
        return Bucket(
            self.tokens,
            self.refilled_at,
            self.turn_at,
            self.paused_until,
            self.day,
            self.sent_today,
            self.broken_because,
            self.probe_at,
            self.failures,
            self.failing_since,
            tuple(self.doubted),
            self.throttle_level,
            self.is_unreachable,
            self.failed_probes,
        )
