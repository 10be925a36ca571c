"""Standing steps: channels that operators set up for future sends."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from channels.models import ProviderAccount, Template
from distributor.rules.requests import StepRequest


class StandingStep(models.Model):
    """A channel for future sends: a provider account with a template."""

    id = models.BigAutoField(primary_key=True)
    priority = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text="From 1 to 10. The lowest number goes first.",
    )
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+")
    fallback_delay_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Minutes without a response before the next step is sent, for example 1440 for a day. "
        "Empty: the next step is sent only if this one fails.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.priority}. {self.provider_account}"

    @property
    def owner_id(self) -> UUID | None:
        """The organisation whose accounts and templates the step may use; None: not known yet."""
        raise NotImplementedError

    def clean(self) -> None:
        """Refuse an account or template of another organisation, and two of different channels."""
        faults: dict[str, str] = {}
        if self.provider_account_id and self.provider_account.organization_id != self.owner_id:
            faults["provider_account"] = "This account belongs to another organisation."
        if self.template_id and self.template.organization_id != self.owner_id:
            faults["template"] = "This template belongs to another organisation."
        elif self.provider_account_id and self.template_id and self.template.channel != self.provider_account.channel:
            faults["template"] = (
                f"This template is for {self.template.channel}, but the account is for {self.provider_account.channel}."
            )
        if faults:
            raise ValidationError(faults)

    def as_request(self) -> StepRequest:
        """Return the step as a send requests it."""
        return StepRequest(
            channel=self.provider_account.channel,
            provider_account_id=self.provider_account_id,
            template_id=self.template_id,
            priority=self.priority,
            fallback_delay_minutes=self.fallback_delay_minutes,
        )
