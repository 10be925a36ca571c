"""Recurring distributions, and their occurrences."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from contacts.models import MailingList, Organization
from contacts.models.organization import validate_time_zone
from contacts.organization_boundary import KeepsOrganization, SameOrganization, SameOrganizationKey
from distributor.models.distribution import ChannelMode, Distribution
from distributor.models.standing_step import StandingStep
from distributor.models.survey import Survey
from distributor.rules.timing.recurrence import parse_cron


class RecurringDistribution(models.Model):
    """A survey sent to a list on a cron schedule. Each occurrence starts a distribution."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="recurring_distributions")
    name = models.CharField(max_length=200, help_text="Each distribution gets this name and its date.")
    # These are constrained together with the organisation.
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+", db_constraint=False)
    mailing_list = models.ForeignKey(MailingList, models.PROTECT, related_name="+", db_constraint=False)
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    cron = models.CharField(
        max_length=100,
        help_text="Minute, hour, day of month, month, day of week. For example, 0 9 * * mon is every Monday at 9:00.",
    )
    time_zone = models.CharField(
        max_length=63,
        blank=True,
        validators=[validate_time_zone],
        help_text="The time zone of the schedule, for example Europe/Warsaw. Empty: the organisation's.",
    )
    respect_frequency_rules = models.BooleanField(
        default=True, help_text="Leave out contacts who were sent a survey too recently for the organisation's rule."
    )
    recent_contact_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="Leave out contacts who were sent any survey within this many days, for example 30. Empty: no limit.",
    )
    links_expire_after_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Links expire this many days after each start, for example 14. Empty: never.",
    )
    is_active = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        indexes = [models.Index(fields=("next_at",), name="due_recurring_distributions", condition=Q(is_active=True))]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(next_at__isnull=False), name="who_is_active_knows_its_next_moment"
            ),
            KeepsOrganization(name="a_recurring_distribution_keeps_its_organization"),
            SameOrganizationKey(field="survey", name="recurring_and_survey_are_of_one_organization"),
            SameOrganizationKey(field="mailing_list", name="recurring_and_list_are_of_one_organization"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an invalid cron expression, and a survey or list of another organisation."""
        faults: dict[str, str] = {}
        try:
            parse_cron(self.cron)
        except ValueError as error:
            faults["cron"] = str(error)
        if self.survey_id and self.survey.organization_id != self.organization_id:
            faults["survey"] = "This survey belongs to another organisation."
        if self.mailing_list_id and self.mailing_list.organization_id != self.organization_id:
            faults["mailing_list"] = "This list belongs to another organisation."
        if faults:
            raise ValidationError(faults)


class RecurringStep(StandingStep):
    """A channel on which a recurring distribution is sent."""

    recurring = models.ForeignKey(RecurringDistribution, models.CASCADE, related_name="steps")

    class Meta:
        ordering = ("priority",)
        verbose_name_plural = "recurring distributions"  # shown when an account or template in use is deleted
        constraints = [
            models.UniqueConstraint(
                fields=("recurring", "priority"),
                name="one_recurring_step_per_priority",
                violation_error_message="Each step needs a priority of its own.",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=10),
                name="recurring_priority_is_1_to_10",
                violation_error_message="The priority must be from 1 to 10.",
            ),
            SameOrganization(
                paths=("recurring", "provider_account", "template"),
                name="recurring_step_and_what_it_uses_are_of_one_organization",
            ),
        ]

    @property
    def owner_id(self) -> UUID:
        return self.recurring.organization_id


class Occurrence(models.Model):
    """A time at which a recurring distribution was due, and the distribution it started, or why it started none."""

    id = models.BigAutoField(primary_key=True)
    recurring = models.ForeignKey(RecurringDistribution, models.CASCADE, related_name="occurrences")
    occurs_at = models.DateTimeField()
    distribution = models.OneToOneField(Distribution, models.SET_NULL, null=True, related_name="occurrence")
    fault = models.CharField(
        max_length=255, blank=True, help_text="Why nothing was sent. Empty: a distribution was started."
    )
    missed_from = models.DateTimeField(
        null=True,
        help_text="The first of the occurrences missed before this one, for example in downtime. They are skipped.",
    )
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("-occurs_at",)
        constraints = [
            models.UniqueConstraint(fields=("recurring", "occurs_at"), name="one_distribution_per_occurrence"),
            models.CheckConstraint(
                condition=Q(missed_from=None) | Q(missed_from__lt=models.F("occurs_at")),
                name="what_was_missed_came_before",
            ),
            SameOrganization(
                paths=("recurring", "distribution"), name="occurrence_and_distribution_are_of_one_organization"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occurs_at:%Y-%m-%d %H:%M} UTC"
