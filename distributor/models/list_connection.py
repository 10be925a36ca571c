"""Lists whose newcomers are invited."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from contacts.models import MailingList
from distributor.models.distribution import ChannelMode
from distributor.models.standing_step import StandingStep
from distributor.models.survey import Survey


class ListConnection(models.Model):
    """A mailing list connected to a survey: whoever is added to the list by a call that invites is sent the survey.

    Without steps, people are invited by the organisation's first channel that has defaults (acceptance/defaults.py).
    """

    mailing_list = models.OneToOneField(MailingList, models.CASCADE, primary_key=True, related_name="connection")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    is_active = models.BooleanField(default=True, help_text="Otherwise people are added and not invited.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.mailing_list} → {self.survey}"

    def clean(self) -> None:
        """Names a survey of another organisation."""
        if self.survey_id and self.mailing_list_id and self.survey.organization_id != self.mailing_list.organization_id:
            raise ValidationError({"survey": "This survey is another organisation's."})


class ConnectionStep(StandingStep):
    """One way to reach the people who are added to a list."""

    connection = models.ForeignKey(ListConnection, models.CASCADE, related_name="steps")

    class Meta:
        ordering = ("priority",)
        verbose_name_plural = "list connections"  # what uses an account or a template, to whoever deletes it
        constraints = [
            models.UniqueConstraint(fields=("connection", "priority"), name="one_connection_step_per_priority"),
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=10), name="connection_priority_is_1_to_10"
            ),
        ]

    @property
    def owner_id(self) -> UUID | None:
        # A form without a list is checked as well.
        return self.connection.mailing_list.organization_id if self.connection.mailing_list_id else None
