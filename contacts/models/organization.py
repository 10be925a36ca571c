"""The tenant: everything else belongs to one."""

from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from contacts.ids import new_id


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not an IANA time zone, such as Europe/Warsaw.")


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
    allowed_redirect_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="Hosts that a personal link may lead to, such as survey.example.com.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
