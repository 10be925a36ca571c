"""Expansions: audiences that workers turn into recipients."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from contacts.selection import BEFORE_ALL
from distributor.models.chunked_work import ChunkedWork
from distributor.models.distribution import Distribution


class Expansion(ChunkedWork):
    """A distribution's audience, given as a list, ids or a filter, and how far it has been turned into recipients.

    `after_id` is the last contact that was processed. The work is over once the distribution no longer `is_preparing`.
    """

    distribution = models.OneToOneField(Distribution, models.CASCADE, primary_key=True, related_name="expansion")
    # Exactly one is set: a list's members, these contacts, or the contacts whose embedded data contains this.
    mailing_list_id = models.UUIDField(null=True)
    contact_ids = ArrayField(models.UUIDField(), null=True)
    embedded_data = models.JSONField(null=True)
    is_sent = models.BooleanField(help_text="Whether to send to the recipients. If not, they only get links.")
    after_id = models.UUIDField(default=BEFORE_ALL)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mailing_list_id__isnull=False, contact_ids=None, embedded_data__isnull=True)
                | Q(mailing_list_id=None, contact_ids__isnull=False, embedded_data__isnull=True)
                | Q(mailing_list_id=None, contact_ids=None, embedded_data__isnull=False),
                name="an_audience_is_of_one_kind",
            )
        ]

    def __str__(self) -> str:
        return f"audience of {self.distribution_id}"
