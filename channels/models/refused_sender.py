"""Senders that a provider account refuses, although the account itself works."""

from django.db import models

from channels.models.provider_account import ProviderAccount


class RefusedSender(models.Model):
    """A sender that calls asked for and that the account's provider refuses. Messages with it wait; others leave.

    One message at `probe_at` finds out whether it is accepted now; then the row is deleted.
    """

    account = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="refused_senders")
    email = models.EmailField()
    because = models.CharField(max_length=255, blank=True)
    since = models.DateTimeField()
    probe_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("account", "email"), name="one_refusal_per_account_and_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.email} since {self.since:%Y-%m-%d %H:%M}"
