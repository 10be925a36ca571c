"""Decisions: why something was not sent, or was sent later or on another channel."""

from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from distributor.rules.phrases import explain


class DecisionKind(models.TextChoices):
    SKIPPED = "skipped"  # the contact did not become a recipient
    DEFERRED = "deferred"  # sent later, see `until`
    REROUTED = "rerouted"  # sent by the chain's next step
    STOPPED = "stopped"  # the recipient will not be sent to
    RETRIED = "retried"  # somebody asked to send again to the recipient


class Decision(models.Model):
    """A decision about one contact of a distribution. `detail` holds the facts that it is based on."""

    id = models.BigAutoField(primary_key=True)
    distribution_id = models.UUIDField()
    contact_id = models.UUIDField()
    recipient_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, choices=DecisionKind)
    reason = models.CharField(max_length=31)
    detail = models.JSONField(default=dict)
    until = models.DateTimeField(null=True)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.SKIPPED, recipient_id=None)
                | ~Q(kind=DecisionKind.SKIPPED) & Q(recipient_id__isnull=False),
                name="only_who_was_skipped_is_no_recipient",
            )
        ]
        indexes = [
            models.Index(
                fields=("distribution_id", "id"), name="skipped_of_a_distribution", condition=Q(recipient_id=None)
            ),
            models.Index(
                fields=("contact_id", "distribution_id"), name="skipped_by_contact", condition=Q(recipient_id=None)
            ),
            models.Index(
                fields=("recipient_id",), name="decisions_of_a_recipient", condition=Q(recipient_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"

    def sentence(self, zone: ZoneInfo, language: str = "en") -> str:
        """Return the decision as a sentence, with times in `zone`."""
        return explain(
            self.kind, self.reason, self.detail, until=self.until, now=self.decided_at, zone=zone, language=language
        )
