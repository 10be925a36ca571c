"""Addresses that must not be sent to."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models.organization import Organization


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBE = "unsubscribe"
    STOP = "stop"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    IMPORT = "import"


class Suppression(models.Model):
    """One reason why an organisation never sends to an address on a channel, whichever contact has it.

    An address may have several reasons, which are lifted independently: START lifts STOP, but not a bounce.
    `address` is lower-case for e-mail and E.164 for SMS and WhatsApp.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="suppressions")
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=11, choices=SuppressionReason)
    source = models.CharField(
        max_length=255,
        blank=True,
        help_text="For example a link, a webhook or an operator.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(
                fields=("organization",), name="suppressions_by_key", condition=Q(address__startswith="sha256:")
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "channel", "address", "reason"), name="one_suppression_per_address_and_reason"
            ),
            models.CheckConstraint(
                condition=~Q(channel=Channel.EMAIL) | Q(address=Lower(F("address"))),
                name="suppressed_email_is_lower_case",
                violation_error_message="Enter the e-mail address in lower case.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.channel}: {self.reason})"
