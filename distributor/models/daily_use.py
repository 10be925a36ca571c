"""How much of its daily quotas an organisation has used."""

from django.db import models

from contacts.channel import Channel
from contacts.models import Organization

LOOKUP = "lookup"


class DailyUse(models.Model):
    """One day of an organisation, by its time zone: what was handed over on a channel, or looked up.

    Written only where the organisation has a quota.
    """

    pk = models.CompositePrimaryKey("organization_id", "day", "kind")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=8, choices=[*Channel.choices, (LOOKUP, "look-ups")])
    count = models.PositiveIntegerField()
    segments = models.PositiveIntegerField(default=0, db_default=0, help_text="SMS segments, where they are limited.")

    class Meta:
        verbose_name = "daily use"
        verbose_name_plural = "daily uses"

    def __str__(self) -> str:
        return f"{self.count} {self.kind} on {self.day}"
