"""An organisation's account with a provider of messages."""

from django.core.exceptions import ValidationError
from django.db import models

from channels.credentials import EncryptedJSONField
from channels.providers import registry
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization


class ProviderAccount(models.Model):
    """Whom a channel's messages are handed to, with which sender and which credentials."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="provider_accounts")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=31, choices=registry.kind_choices)
    channel = models.CharField(max_length=8, choices=Channel)
    from_email = models.EmailField(blank=True, help_text="E-mail only: the default sender.")
    from_name = models.CharField(max_length=255, blank=True)
    reply_to_email = models.EmailField(blank=True)
    configuration = models.JSONField(
        default=dict, blank=True, help_text="What is not secret, by kind: for smtp {“host”, “port”, “security”}."
    )
    credentials = EncryptedJSONField(editable=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.channel})"

    def clean(self) -> None:
        """Names everything that the provider finds wrong with its configuration."""
        faults = registry.configuration_faults(self.kind, self.channel, self.configuration)
        if faults:
            raise ValidationError({"configuration": faults})
