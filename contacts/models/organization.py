"""Organisations, the tenants: all other rows belong to one."""

import re
from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.db.models.lookups import Regex

from contacts.ids import new_id
from contacts.number_rules import NumberRules
from contacts.sender_rules import SenderRules

# What a person's no closes (rules/consent.py).
CLOSES = [("channel", "this channel"), ("everything", "everything")]


# Providers repeat a webhook for a day: an event must not be deleted before it is told again.
MIN_DAYS_KEPT = 2
KEPT_KINDS = {
    "events": "provider events",
    "attempts": "attempts",
    "responses": "responses",
    "sandbox": "messages of the sandbox",
    "audit": "entries of the audit log",
    "contacts": "inactive contacts",
}


@cache
def _known_time_zones() -> frozenset[str]:
    """All IANA names. Finding them among tzdata's files takes 11 ms, which a file of people would take for each row."""
    return frozenset(available_timezones())


def validate_time_zone(name: str) -> None:
    if name not in _known_time_zones():
        raise ValidationError(f"“{name}” is not a valid time zone. Use an IANA name, for example Europe/Warsaw.")


def validate_country(code: str) -> None:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(f"“{code}” is not a country with phone numbers. Use ISO 3166 codes, for example PL.")


def validate_lower_case(text: str) -> None:
    if text != text.lower().strip():
        raise ValidationError(f"Write “{text}” in lower case, without blanks around it.")


def validate_team_address(address: str) -> None:
    if address != address.lower().strip() or not ("@" in address or re.fullmatch(r"\+[1-9][0-9]{6,14}", address)):
        raise ValidationError(f"“{address}” is neither an e-mail address in lower case nor a number in E.164.")


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
    keep_events_days = models.PositiveSmallIntegerField(
        "keep provider events (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days after which provider events and texts from phone numbers are deleted, for example 365. "
        "Empty: never.",
    )
    keep_attempts_days = models.PositiveSmallIntegerField(
        "keep attempts (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days after which attempts to send are deleted, with the provider's answers, for example 365. "
        "Up to a tenth later, together with the others of their month. Empty: never.",
    )
    keep_responses_days = models.PositiveSmallIntegerField(
        "keep responses (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days after which survey responses are deleted, for example 365. Empty: never.",
    )
    keep_sandbox_days = models.PositiveSmallIntegerField(
        "keep sandbox messages (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days after which messages of sandbox accounts are deleted, for example 365. Empty: never.",
    )
    keep_audit_days = models.PositiveSmallIntegerField(
        "keep audit entries (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days after which the audit log is deleted, for example 365. Empty: never.",
    )
    keep_contacts_days = models.PositiveSmallIntegerField(
        "keep inactive contacts (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_DAYS_KEPT)],
        help_text="Days without a change, a send or an answer after which contacts are erased, for example 365. "
        "Empty: never.",
    )
    allowed_sender_domains = ArrayField(
        models.CharField(max_length=253, validators=[validate_lower_case]),
        default=list,
        db_default=[],
        blank=True,
        help_text="Domains that e-mails are sent from, subdomains included, for example acme.example. Empty: any.",
    )
    allowed_reply_tos = ArrayField(
        models.CharField(max_length=254, validators=[validate_lower_case]),
        default=list,
        db_default=[],
        blank=True,
        help_text="Addresses that replies may go to, for example support@acme.example. Empty: any.",
    )
    team_addresses = ArrayField(
        models.CharField(max_length=254, validators=[validate_team_address]),
        default=list,
        db_default=[],
        blank=True,
        help_text="The addresses that team API keys send to: e-mail addresses in lower case and phone numbers in E.164,"
        " for example ann@example.com,+48601234567.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Requests that all its API keys together may make a minute. Empty: any number."
    )
    emails_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="E-mails sent a day, by its time zone. Empty: any number."
    )
    texts_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="SMS sent a day, by its time zone. Empty: any number."
    )
    whatsapps_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="WhatsApp messages sent a day, by its time zone. Empty: any number."
    )
    segments_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="SMS segments sent a day, which are what SMS cost. Empty: any number."
    )
    segments_per_text = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        default=6,
        db_default=6,
        validators=[MinValueValidator(1)],
        help_text="SMS segments of one message; longer ones are not sent. Empty: any number.",
    )
    lookups_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="Paid look-ups of phone numbers a day. Empty: any number."
    )
    quotas_used_up = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The channels whose quota of a day is used up: until when, and how much it was.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_have_a_start_and_another_end",
                violation_error_message="Enter both ends of the quiet hours, and two different times, or neither.",
            ),
            models.CheckConstraint(
                condition=Q(send_weekdays__len__gt=0, send_weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="something_is_sent_on_some_weekday",
                violation_error_message="Choose at least one weekday to send on.",
            ),
            models.CheckConstraint(
                condition=Regex(Cast("allowed_countries", models.TextField()), r"^\{([A-Z]{2}(,[A-Z]{2})*)?\}$"),
                name="allowed_countries_are_two_letter_codes",
                violation_error_message="Enter countries as two capital letters each, for example PL, DE.",
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"keep_{kind}_days": None}) | Q(**{f"keep_{kind}_days__gte": MIN_DAYS_KEPT}),
                    name=f"{kind}_are_kept_for_two_days",
                    violation_error_message=(
                        f"Keep {name} for at least {MIN_DAYS_KEPT} days. Leave the field empty to keep them for good."
                    ),
                )
                for kind, name in KEPT_KINDS.items()
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def messages_per_day(self) -> dict[str, int | None]:
        """The quota of each channel; None: any number."""
        return {"email": self.emails_per_day, "sms": self.texts_per_day, "whatsapp": self.whatsapps_per_day}

    @property
    def sender_rules(self) -> SenderRules:
        return SenderRules(self.allowed_sender_domains, self.allowed_reply_tos)

    @property
    def number_rules(self) -> NumberRules:
        return NumberRules(self.allows_premium_numbers, frozenset(self.allowed_countries))
