"""Addresses of people who were erased, by their keyed hashes."""

from django.db import models

from contacts.models.organization import Organization


class ErasedAddress(models.Model):
    """An address whose person was erased. What is reported of it later is not kept, unless a contact has it again."""

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="erased_addresses", db_constraint=False, db_index=False
    )
    address_key = models.CharField(max_length=71)
    erased_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "erased addresses"
        constraints = [
            models.UniqueConstraint(fields=("organization", "address_key"), name="one_row_per_erased_address")
        ]

    def __str__(self) -> str:
        return self.address_key
