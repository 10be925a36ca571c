"""The tenant: everything else belongs to one."""

from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from contacts.ids import new_id


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not an IANA time zone, such as Europe/Warsaw.")


def every_weekday() -> list[int]:
    return [1, 2, 3, 4, 5, 6, 7]


class Organization(models.Model):
    """A tenant and the rules that hold for all its sends."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=63, unique=True)
    time_zone = models.CharField(max_length=63, default="UTC", validators=[validate_time_zone])
    phone_region = models.CharField(
        max_length=2,
        blank=True,
        help_text="ISO 3166 country for phone numbers given without “+” and a country code, such as PL.",
    )
    minimum_days_between_contacts = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Frequency rule over all surveys. Empty: no rule."
    )
    throttle_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The same survey to the same contact again: not sooner. Empty: no rule. A survey may have its own.",
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text="From then on nothing is sent, on contacts' clocks.")
    quiet_until = models.TimeField(null=True, blank=True, help_text="Until then. Earlier than the start: the next day.")
    send_weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=every_weekday,
        help_text="Days on which anything is sent, 1 (Monday) to 7 (Sunday), such as 1,2,3,4,5.",
    )
    allowed_redirect_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="Hosts that a personal link may lead to, such as survey.example.com.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_have_a_start_and_another_end",
            ),
            models.CheckConstraint(
                condition=Q(send_weekdays__len__gt=0, send_weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="something_is_sent_on_some_weekday",
            ),
        ]

    def __str__(self) -> str:
        return self.name
