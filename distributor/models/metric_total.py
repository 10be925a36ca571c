"""What happened since the installation began, in numbers, for monitoring."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class MetricTotal(models.Model):
    """A number that only grows, by provider, channel and what it counts (engine/counters/totals.py).

    `shard` lets transactions that count at the same time write different rows.
    """

    pk = models.CompositePrimaryKey("name", "provider", "channel", "kind", "reason", "shard")
    name = models.CharField(max_length=31)
    provider = models.CharField(max_length=31, blank=True, help_text="The kind of provider account, such as sendgrid.")
    channel = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=31, blank=True, help_text="The result or the kind of event, such as sent.")
    reason = models.CharField(max_length=31, blank=True)
    shard = models.PositiveSmallIntegerField()
    count = models.BigIntegerField()
    seconds = models.FloatField(help_text="The sum of how long it took. 0: it takes no time.")
    classes = ArrayField(models.BigIntegerField(), help_text="How often it took how long. Empty: it takes no time.")

    def __str__(self) -> str:
        return f"{self.name} {self.provider} {self.kind}: {self.count}"
