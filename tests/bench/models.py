"""The rivals' tables: copies of the product's, with the same columns, indexes and fill factor (stage/database.py)."""

from typing import ClassVar

from django.db import models

from contacts.ids import new_id
from contacts.models import Organization
from distributor.models import Distribution


class RivalContact(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=255, null=True)  # noqa: DJ001  as in the product
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=16)
    first_name = models.CharField(max_length=255)
    last_name = models.CharField(max_length=255)
    title = models.CharField(max_length=255)
    locale = models.CharField(max_length=35)
    time_zone = models.CharField(max_length=63)
    embedded_data = models.JSONField(default=dict)
    opted_out_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar["models.Manager[RivalContact]"] = models.Manager()

    class Meta:
        managed = False
        db_table = "bench_contact"

    def __str__(self) -> str:
        return self.external_id or self.email


class RivalRecipient(models.Model):
    """Rivals do not use `batch_id`. It holds the distribution's id, so that its index costs the same."""

    id = models.BigAutoField(primary_key=True)
    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="+")
    contact = models.ForeignKey(RivalContact, models.CASCADE, related_name="+")
    code = models.CharField(max_length=12)
    batch_id = models.UUIDField()
    state = models.CharField(max_length=8, default="waiting")
    outcome = models.CharField(max_length=13)
    reason = models.CharField(max_length=31)
    attributes = models.JSONField(default=dict)
    locale = models.CharField(max_length=35)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    first_opened_at = models.DateTimeField(null=True)
    responded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar["models.Manager[RivalRecipient]"] = models.Manager()

    class Meta:
        managed = False
        db_table = "bench_recipient"

    def __str__(self) -> str:
        return self.code
