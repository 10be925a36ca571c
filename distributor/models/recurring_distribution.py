"""What is sent again and again."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from contacts.ids import new_id
from contacts.models import MailingList, Organization
from contacts.models.organization import validate_time_zone
from distributor.models.distribution import ChannelMode, Distribution
from distributor.models.standing_step import StandingStep
from distributor.models.survey import Survey
from distributor.rules.timing.recurrence import parse_cron


class RecurringDistribution(models.Model):
    """A survey to a list at every moment that a cron expression names, one distribution each (models below)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="recurring_distributions")
    name = models.CharField(max_length=200, help_text="Each distribution is called so, with its date.")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+")
    mailing_list = models.ForeignKey(MailingList, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=6, choices=ChannelMode, default=ChannelMode.SINGLE)
    cron = models.CharField(
        max_length=100,
        help_text="Minute, hour, day of month, month, day of week: 0 9 * * mon is every Monday at 9.",
    )
    time_zone = models.CharField(
        max_length=63,
        blank=True,
        validators=[validate_time_zone],
        help_text="Whose clock it goes by, such as Europe/Warsaw. Empty: the organisation's.",
    )
    respect_frequency_rules = models.BooleanField(default=True)
    recent_contact_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="Leave out who was sent any survey within so many days. Empty: nobody for that.",
    )
    links_expire_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: never."
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
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Names a cron expression that cannot be read, and a survey or list of another organisation."""
        faults: dict[str, str] = {}
        try:
            parse_cron(self.cron)
        except ValueError as error:
            faults["cron"] = str(error)
        if self.survey_id and self.survey.organization_id != self.organization_id:
            faults["survey"] = "This survey is another organisation's."
        if self.mailing_list_id and self.mailing_list.organization_id != self.organization_id:
            faults["mailing_list"] = "This list is another organisation's."
        if faults:
            raise ValidationError(faults)


class RecurringStep(StandingStep):
    """One way to reach the people of a recurring distribution."""

    recurring = models.ForeignKey(RecurringDistribution, models.CASCADE, related_name="steps")

    class Meta:
        ordering = ("priority",)
        verbose_name_plural = "recurring distributions"  # what uses an account or a template, to whoever deletes it
        constraints = [
            models.UniqueConstraint(fields=("recurring", "priority"), name="one_recurring_step_per_priority"),
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=10), name="recurring_priority_is_1_to_10"
            ),
        ]

    @property
    def owner_id(self) -> UUID:
        return self.recurring.organization_id


class Occurrence(models.Model):
    """A moment at which a recurring distribution was due, and what came of it: a distribution, or a fault."""

    id = models.BigAutoField(primary_key=True)
    recurring = models.ForeignKey(RecurringDistribution, models.CASCADE, related_name="occurrences")
    occurs_at = models.DateTimeField()
    distribution = models.OneToOneField(Distribution, models.SET_NULL, null=True, related_name="occurrence")
    fault = models.CharField(max_length=255, blank=True, help_text="Why nothing was sent.")
    missed_from = models.DateTimeField(
        null=True, help_text="The first of those before it that nobody started in time; they are left out."
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
        ]

    def __str__(self) -> str:
        return f"{self.occurs_at:%Y-%m-%d %H:%M} UTC"
