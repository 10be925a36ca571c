"""Survey responses."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Extract, Mod
from django.db.models.lookups import Exact

from contacts.ids import new_id
from contacts.organization_boundary import SameOrganization
from distributor.models.recipient import Recipient
from distributor.models.survey import Survey


class Response(models.Model):
    """A response to a survey, with the recipient's attributes at that time.

    A recipient has more than one response only through a link for several. A response through an anonymous link names
    no recipient and has no attributes, and only the day of `submitted_at` is kept (decision 15).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses", db_index=False)
    recipient = models.ForeignKey(
        Recipient, models.CASCADE, null=True, related_name="responses", db_constraint=False, db_index=False
    )
    ordinal = models.PositiveIntegerField(
        db_default=1, help_text="The number of the response among the recipient's: 1 is the first."
    )
    locale = models.CharField(max_length=35, blank=True)
    attributes = models.JSONField(default=dict)
    answers = models.JSONField()
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=("recipient", "ordinal"), name="one_response_per_recipient_and_ordinal"),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False)
                | Q(Exact(Mod(Extract("submitted_at", "epoch"), 86_400), 0), locale="", attributes={}),
                name="an_anonymous_response_tells_nothing_of_its_giver",
            ),
            SameOrganization(
                paths=("survey", "recipient__distribution"), name="response_and_recipient_are_of_one_organization"
            ),
        ]
        indexes = [
            models.Index(fields=("survey", "-id"), name="responses_of_a_survey"),
            GinIndex(fields=("attributes",), name="responses_by_attribute", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.survey} at {self.submitted_at:%Y-%m-%d %H:%M:%S}"
