"""Messages that the sandbox provider was given."""

from django.db import models

from contacts.channel import Channel


class SandboxMessage(models.Model):
    """One message as the sandbox received it. Only the sandbox uses this table."""

    id = models.BigAutoField(primary_key=True)
    provider_account_id = models.UUIDField()
    organization_id = models.UUIDField()
    attempt_id = models.CharField(max_length=40)
    group_id = models.CharField(max_length=40, help_text="The id of the distribution.")
    channel = models.CharField(max_length=8, choices=Channel)
    to = models.CharField(max_length=254)
    to_name = models.CharField(max_length=511, blank=True)
    sender = models.CharField(max_length=511, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("organization_id", "to"), name="sandbox_message_by_address"),
            models.Index(fields=("group_id",), name="sandbox_message_by_group"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.to}"
