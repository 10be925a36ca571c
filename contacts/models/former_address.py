"""Addresses that contacts had before."""

from django.db import models
from django.db.models import Q

from contacts.channel import Channel
from contacts.models.contact import Contact


class FormerAddress(models.Model):
    """An address that a contact had until `replaced_at`. A database trigger writes it when the contact changes.

    A message to it may still be answered: whoever unsubscribes from that message closes this address too. `channel` is
    email, or sms for a phone number. Erasing the contact leaves a keyed hash of the address.
    """

    id = models.BigAutoField(primary_key=True)
    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="former_addresses", db_constraint=False, db_index=False
    )
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254)
    replaced_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=("contact", "replaced_at"), name="former_addresses_of_a_contact")]
        constraints = [models.CheckConstraint(condition=~Q(address=""), name="a_former_address_is_not_empty")]

    def __str__(self) -> str:
        return self.address
