"""One way to reach people, as it is set up for sends that are yet to come."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from channels.models import ProviderAccount, Template
from distributor.rules.requests import StepRequest


class StandingStep(models.Model):
    """The lowest priority number goes first."""

    id = models.BigAutoField(primary_key=True)
    priority = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(10)])
    provider_account = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+")
    template = models.ForeignKey(Template, models.PROTECT, related_name="+")
    fallback_delay_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Without a response for so long: the next step. Empty: only if this one fails."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.priority}. {self.provider_account}"

    @property
    def owner_id(self) -> UUID | None:
        """The organisation whose accounts and templates it may use; None: not known yet."""
        raise NotImplementedError

    def clean(self) -> None:
        """Names an account or a template of another organisation, and two that do not fit together."""
        faults: dict[str, str] = {}
        if self.provider_account_id and self.provider_account.organization_id != self.owner_id:
            faults["provider_account"] = "This account is another organisation's."
        if self.template_id and self.template.organization_id != self.owner_id:
            faults["template"] = "This template is another organisation's."
        elif self.provider_account_id and self.template_id and self.template.channel != self.provider_account.channel:
            faults["template"] = f"This template is for {self.template.channel}, the account is not."
        if faults:
            raise ValidationError(faults)

    def as_request(self) -> StepRequest:
        """What a send asks for by it."""
        return StepRequest(
            channel=self.provider_account.channel,
            provider_account_id=self.provider_account_id,
            template_id=self.template_id,
            priority=self.priority,
            fallback_delay_minutes=self.fallback_delay_minutes,
        )
