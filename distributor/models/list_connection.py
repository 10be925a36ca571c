"""List connections: lists whose new members are sent a survey."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from contacts.models import MailingList
from contacts.organization_boundary import SameOrganization
from distributor.models.distribution import ChannelMode
from distributor.models.standing_step import StandingStep
from distributor.models.survey import Survey


class ListConnection(models.Model):
    """A mailing list connected to a survey: contacts added to the list by a call that invites are sent the survey.

    Without steps, they are sent it on the organisation's first channel that has defaults (acceptance/defaults.py).
    """

    mailing_list = models.OneToOneField(MailingList, models.CASCADE, primary_key=True, related_name="connection")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    is_active = models.BooleanField(
        default=True, help_text="If off, contacts are added to the list but not sent the survey."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            SameOrganization(paths=("mailing_list", "survey"), name="list_and_its_survey_are_of_one_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_list} → {self.survey}"

    def clean(self) -> None:
        """Refuse a survey of another organisation."""
        if self.survey_id and self.mailing_list_id and self.survey.organization_id != self.mailing_list.organization_id:
            raise ValidationError({"survey": "This survey belongs to another organisation."})


class ConnectionStep(StandingStep):
    """A channel on which contacts added to a list are sent the survey."""

    connection = models.ForeignKey(ListConnection, models.CASCADE, related_name="steps")

    class Meta:
        ordering = ("priority",)
        verbose_name_plural = "list connections"  # shown when an account or template in use is deleted
        constraints = [
            models.UniqueConstraint(
                fields=("connection", "priority"),
                name="one_connection_step_per_priority",
                violation_error_message="Each step needs a priority of its own.",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=10),
                name="connection_priority_is_1_to_10",
                violation_error_message="The priority must be from 1 to 10.",
            ),
            SameOrganization(
                paths=("connection__mailing_list", "provider_account", "template"),
                name="connection_step_and_what_it_uses_are_of_one_organization",
            ),
        ]

    @property
    def owner_id(self) -> UUID | None:
        # The form is also checked when no list was chosen.
        return self.connection.mailing_list.organization_id if self.connection.mailing_list_id else None
