"""An organisation's account with a provider of messages."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from channels.account_state.rate_limit import Limits
from channels.credentials import EncryptedJSONField
from channels.models.defaults import default_faults
from channels.providers import registry
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Organization
from contacts.organization_boundary import KeepsOrganization, OrganizationKey, SameOrganizationKey


class ProviderAccount(models.Model):
    """An account that sends the messages of one channel, with its sender, credentials and limits."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="provider_accounts")
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=31, choices=registry.kind_choices)
    channel = models.CharField(max_length=8, choices=Channel)
    from_email = models.EmailField(
        blank=True, help_text="E-mail only: the default sender, for example surveys@example.com."
    )
    from_name = models.CharField(max_length=255, blank=True)
    reply_to_email = models.EmailField(blank=True)
    configuration = models.JSONField(
        default=dict,
        blank=True,
        help_text="Settings that are not secret, for example for SMTP"
        " {“host”: “smtp.example.com”, “port”: 587, “security”: “starttls”}.",
    )
    credentials = EncryptedJSONField(editable=False)
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(
        default=False, help_text="Used when a call names a channel but no provider. At most one per channel."
    )
    rate_per_second = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01)],
        help_text="Messages per second, for example 10. Empty: no limit.",
    )
    daily_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Messages per day (UTC), for example 50000. Empty: no limit.",
    )
    urgent_reserve_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MaxValueValidator(90)],
        help_text="Percent of both limits that is reserved for small, urgent sends, 0 to 90.",
    )
    unit_price = models.DecimalField(
        null=True,
        blank=True,
        max_digits=10,
        decimal_places=5,
        validators=[MinValueValidator(0)],
        help_text="The price of an SMS segment, or of an e-mail or WhatsApp message, for example 0.0345. Forecasts add"
        " it up. Empty: unknown.",
    )
    price_currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[RegexValidator("^[A-Z]{3}$", "Enter an ISO 4217 code such as EUR.")],
        help_text="The currency of the price, for example EUR.",
    )
    stand_in = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,  # account_and_stand_in_are_of_one_organization
        help_text="Account of the same channel, used while this one is inactive, broken, paused or at its daily limit.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("organization", "channel"),
                name="one_default_account_per_channel",
                violation_error_message="This channel already has another default account. Untick that one first.",
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                condition=Q(rate_per_second=None) | Q(rate_per_second__gt=0),
                name="a_rate_is_above_zero",
                violation_error_message="The messages per second must be above 0. Leave the field empty for no limit.",
            ),
            models.CheckConstraint(
                condition=Q(daily_limit=None) | Q(daily_limit__gt=0),
                name="a_daily_limit_is_above_zero",
                violation_error_message="The messages per day must be above 0. Leave the field empty for no limit.",
            ),
            models.CheckConstraint(
                condition=Q(urgent_reserve_percent__lte=90),
                name="a_reserve_leaves_something",
                violation_error_message="The reserve must be from 0 to 90 percent.",
            ),
            models.CheckConstraint(
                condition=Q(unit_price=None) | Q(unit_price__gte=0) & ~Q(price_currency=""),
                name="a_price_has_a_currency",
                violation_error_message="Enter the currency of the price, for example EUR.",
            ),
            models.CheckConstraint(
                condition=~Q(stand_in=F("id")),
                name="nobody_stands_in_for_itself",
                violation_error_message="An account cannot be its own stand-in. Choose another one.",
            ),
            OrganizationKey(name="account_with_its_organization"),
            KeepsOrganization(name="an_account_keeps_its_organization"),
            SameOrganizationKey(field="stand_in", name="account_and_stand_in_are_of_one_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}, {self.channel})"

    @property
    def limits(self) -> Limits:
        return Limits(self.rate_per_second, self.daily_limit, self.urgent_reserve_percent)

    def clean(self) -> None:
        """Refuse a faulty configuration, an unsuitable stand-in, and a second default."""
        configuration_faults = registry.configuration_faults(self.kind, self.channel, self.configuration)
        faults = {
            "configuration": [fault.message for fault in configuration_faults],
            "is_default": default_faults(self, ProviderAccount.objects),
            "from_email": self._sender_faults(),
        }
        if self.stand_in is not None and not self._can_be_replaced_by(self.stand_in):
            faults["stand_in"] = ["Choose another account of the same organisation and channel."]
        if any(faults.values()):
            raise ValidationError({name: messages for name, messages in faults.items() if messages})

    def _sender_faults(self) -> list[str]:
        organization = Organization.objects.filter(pk=self.organization_id).first()  # none is a fault of its own
        return organization.sender_rules.faults(self.from_email, self.reply_to_email) if organization else []

    def _can_be_replaced_by(self, other: "ProviderAccount") -> bool:
        is_alike = (other.organization_id, other.channel) == (self.organization_id, self.channel)
        return other.pk != self.pk and is_alike
