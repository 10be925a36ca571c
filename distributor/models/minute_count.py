"""What happened in each minute, in numbers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class MinuteCount(models.Model):
    """The changes of one minute by organisation, channel and provider account. Sums over all minutes equal the tables.

    A correction counts in the minute in which it is made: a message that its provider drops later is one `sent` less
    and one `failed` more, so a count may be below zero. What is hours ago is added up by the hour, and what is
    days ago by the day (engine/counters/compact.py). Links that were opened before anything was sent have no channel
    and no account.

    `shard` lets transactions that count at the same time write different rows.
    """

    pk = models.CompositePrimaryKey("organization_id", "minute", "channel", "provider_account_id", "shard")
    minute = models.DateTimeField()
    organization_id = models.UUIDField()
    channel = models.CharField(max_length=8, blank=True)
    provider_account_id = models.UUIDField(help_text="All zeros: none.")
    shard = models.PositiveSmallIntegerField()
    # Attempts, by state.
    sent = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    # Attempts, by what their provider reported.
    delivered = models.IntegerField(default=0)
    clicked = models.IntegerField(default=0)
    bounced = models.IntegerField(default=0, help_text="Taken by the provider, and not delivered.")
    # Recipients, each once.
    opened = models.IntegerField(default=0)
    responded = models.IntegerField(default=0)
    opted_out = models.IntegerField(default=0)
    # The scores from 0 to 10 of the built-in question: how many there were, and their sum.
    scored = models.IntegerField(default=0)
    score_sum = models.IntegerField(default=0)
    events = models.IntegerField(default=0, help_text="Provider events that were stored.")
    answers = ArrayField(
        models.IntegerField(),
        help_text="Provider calls, by how long the answer took (engine/counters/answer_times.py).",
    )

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}: {self.sent} sent, {self.failed} failed"
