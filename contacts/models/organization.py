"""Organisations, the tenants: all other rows belong to one."""

from zoneinfo import available_timezones

import phonenumbers
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.db.models.lookups import Regex

from contacts.ids import new_id
from contacts.number_rules import NumberRules

# What a person's no closes (rules/consent.py).
CLOSES = [("channel", "this channel"), ("everything", "everything")]


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a valid time zone. Use an IANA name, for example Europe/Warsaw.")


def validate_country(code: str) -> None:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(f"“{code}” is not a country with phone numbers. Use ISO 3166 codes, for example PL.")


def every_weekday() -> list[int]:
    return [1, 2, 3, 4, 5, 6, 7]


class Organization(models.Model):
    """A tenant, and the rules that apply to everything it sends."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=63, unique=True)
    time_zone = models.CharField(max_length=63, default="UTC", validators=[validate_time_zone])
    phone_region = models.CharField(
        max_length=2,
        blank=True,
        help_text="Country of phone numbers without a country code. ISO 3166, for example PL.",
    )
    minimum_days_between_contacts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days before a contact is sent any survey again, for example 30. Empty: no rule.",
    )
    throttle_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Minutes before a contact is sent the same survey again, for example 1440. Empty: no rule."
        " A survey can override it.",
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Start of quiet hours in the contact's time zone, for example 20:00."
    )
    quiet_until = models.TimeField(
        null=True,
        blank=True,
        help_text="End of quiet hours, for example 08:00. An end before the start is on the next day.",
    )
    send_weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=every_weekday,
        help_text="Days on which messages are sent: 1 (Monday) to 7 (Sunday), for example 1,2,3,4,5.",
    )
    stop_closes = models.CharField(
        max_length=10,
        choices=CLOSES,
        default="everything",
        db_default="everything",
        help_text="What a STOP by SMS or WhatsApp closes: the phone number, or everything that reaches the person.",
    )
    complaint_closes = models.CharField(
        max_length=10,
        choices=CLOSES,
        default="everything",
        db_default="everything",
        help_text="What a spam complaint closes: the e-mail address, or everything that reaches the person.",
    )
    allows_premium_numbers = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Send to premium-rate, shared-cost, satellite, pager, universal access and personal numbers, too.",
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        default=list,
        db_default=[],
        blank=True,
        help_text="Countries of the phone numbers that are sent to: ISO 3166, for example PL,DE. Empty: all.",
    )
    allowed_redirect_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="Hosts that links may redirect to, for example survey.example.com.",
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
            models.CheckConstraint(
                condition=Regex(Cast("allowed_countries", models.TextField()), r"^\{([A-Z]{2}(,[A-Z]{2})*)?\}$"),
                name="allowed_countries_are_two_letter_codes",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number_rules(self) -> NumberRules:
        return NumberRules(self.allows_premium_numbers, frozenset(self.allowed_countries))
