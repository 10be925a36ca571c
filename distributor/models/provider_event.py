"""Provider events, as providers reported them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from distributor.rules.journey.delivery_events import INBOUND_TEXTS, OPT_OUT_REQUESTS, REPLY, Progress, Trouble


class ProviderEvent(models.Model):
    """One event of a provider's webhook, stored once however often it is reported.

    `progress` and `trouble` are its meaning for the attempt (rules/journey/delivery_events.py). It may be stored before
    the attempt is.
    """

    id = models.BigAutoField(primary_key=True)
    provider_account_id = models.UUIDField()
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=15)
    progress = models.PositiveSmallIntegerField(choices=[(rank.value, rank.name.lower()) for rank in Progress])
    trouble = models.PositiveSmallIntegerField(choices=[(rank.value, rank.name.lower()) for rank in Trouble])
    recipient_id = models.BigIntegerField(null=True)
    attempt_number = models.PositiveSmallIntegerField(null=True)
    address = models.CharField(max_length=254, blank=True)
    provider_message_id = models.CharField(max_length=255, blank=True)
    code = models.CharField(max_length=63, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    is_machine = models.BooleanField(default=False)
    raw = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("provider_account_id", "event_id"), name="one_row_per_provider_event"),
            models.CheckConstraint(
                condition=Q(recipient_id=None, attempt_number=None)
                | Q(recipient_id__isnull=False, attempt_number__isnull=False),
                name="an_event_names_a_whole_attempt_or_none",
            ),
        ]
        indexes = [
            models.Index(
                fields=("recipient_id",), name="events_of_a_recipient", condition=Q(recipient_id__isnull=False)
            ),
            # Few rows: what was not delivered lately, for the control room.
            models.Index(
                fields=("provider_account_id", "-id"),
                name="failures_of_an_account",
                condition=Q(trouble__gte=Trouble.UNDELIVERED.value),
            ),
            # Few rows. Whether STOP or START holds for an address is read from all its events of these kinds.
            models.Index(fields=("address",), name="wishes_of_an_address", condition=Q(kind__in=OPT_OUT_REQUESTS)),
            # Few rows, which operators read and erasing a contact empties.
            models.Index(fields=("id",), name="replies_by_id", condition=Q(kind=REPLY)),
            models.Index(fields=("provider_account_id", "id"), name="replies_to_an_account", condition=Q(kind=REPLY)),
            models.Index(fields=("address",), name="texts_of_an_address", condition=Q(kind__in=INBOUND_TEXTS)),
            # Few rows: what was reported of an address and of no message. An export reads and an erasure empties them.
            models.Index(
                fields=("address",),
                name="events_of_an_address",
                condition=Q(recipient_id=None) & ~Q(address=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class Replies(models.Manager["Reply"]):
    def get_queryset(self) -> models.QuerySet["Reply"]:
        return super().get_queryset().filter(kind=REPLY)


class Reply(ProviderEvent):
    """A text message by which a person asked for nothing that we understand. An operator reads it.

    `address` is the number it came from, and `detail` the text, of which `raw` has all.
    """

    objects: ClassVar[Replies] = Replies()

    class Meta:
        proxy = True
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"reply from {self.address} at {self.occurred_at:%Y-%m-%d %H:%M} UTC"
