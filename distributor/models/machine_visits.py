"""Visits of machines to the links of recipients."""

from django.db import models

from distributor.models.recipient import Recipient


class MachineVisits(models.Model):
    """How often machines have opened a recipient's link: previews, prefetching browsers and scanners.

    They are no opens. Visits to anonymous links are not stored.
    """

    recipient = models.OneToOneField(
        Recipient, models.CASCADE, primary_key=True, related_name="machine_visits", db_constraint=False
    )
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    sign = models.CharField(
        max_length=15, help_text="How the last one was recognised: head, prefetch, user-agent or too-fast."
    )

    class Meta:
        verbose_name_plural = "machine visits"

    def __str__(self) -> str:
        return f"{self.count} by machines, last at {self.last_at:%Y-%m-%d %H:%M:%S} ({self.sign})"
