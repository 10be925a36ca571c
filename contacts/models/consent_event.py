"""The record of what people said about being written to."""

from django.db import models

from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models.organization import Organization


class ConsentEvent(models.Model):
    """One thing that was said about writing to a person. Append-only: a database trigger refuses changes.

    `opted_out_at` of contacts and the suppressions are the present state that these events add up to. `address` is
    emptied when the contact is erased; `address_key`, a keyed hash of it (contacts/address_key.py), stays.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="consent_events", db_constraint=False, db_index=False
    )
    contact_id = models.UUIDField(null=True, help_text="The contact it is about. Empty: an unknown address.")
    channel = models.CharField(max_length=8, choices=Channel, blank=True, help_text="Where it was said.")
    address = models.CharField(max_length=254, blank=True, help_text="The address that was written to, if known.")
    address_key = models.CharField(max_length=71, blank=True)
    what = models.CharField(max_length=20, help_text="A signal such as stop, or a lift such as start.")
    closes = models.CharField(max_length=10, blank=True, help_text="channel or everything; empty: it lifts.")
    source = models.CharField(max_length=255, help_text="The reporter: a provider account, our page or an API key.")
    evidence = models.JSONField(default=dict, help_text="What proves it, for example the provider's event id.")
    said_at = models.DateTimeField(help_text="When the person said it.")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("contact_id", "id"), name="consent_events_of_a_contact"),
            models.Index(
                fields=("organization", "address_key", "id"),
                name="consent_events_of_an_address",
                condition=~models.Q(address_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} ({self.said_at:%Y-%m-%d %H:%M} UTC)"
