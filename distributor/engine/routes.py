"""How a step's messages go out: read once per batch, not once per recipient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from channels.models import ProviderAccount, TemplateVariant
from channels.providers.base import Account, Sender
from channels.rendering import CompiledVariant, choose_locale, compile_variant
from contacts.channel import Channel
from distributor.models import Distribution, Step


@dataclass(frozen=True, slots=True)
class Route:
    """A distribution's step with its provider account and compiled template."""

    distribution: Distribution
    steps: Sequence[Step]
    step: Step
    provider_kind: str
    account: Account
    is_open: bool
    sender: Sender
    variants: Mapping[str, CompiledVariant]
    public_base_url: str  # read from the settings once: for each message it was 6 % of a worker's time
    _chosen: dict[str, CompiledVariant] = field(default_factory=dict)

    def variant_for(self, recipient_locale: str, contact_locale: str) -> CompiledVariant:
        """The variant for the recipient's locale, else the contact's, else the survey's."""
        wanted = recipient_locale or contact_locale
        chosen = self._chosen.get(wanted)
        if chosen is None:
            locale = choose_locale(wanted, list(self.variants), self.distribution.survey.default_locale)
            chosen = self._chosen[wanted] = self.variants[locale]
        return chosen

    def next_step(self, reachable: Mapping[str, str]) -> Step | None:
        """The chain's next step on a channel that the contact has an address for; None where there is no chain."""
        if self.distribution.mode != "multi":
            return None
        later = (step for step in self.steps if step.position > self.step.position)
        return next((step for step in later if reachable.get(step.channel)), None)


def open_route(distribution_id: UUID, step_id: UUID) -> Route:
    """Everything about a step that its messages have in common."""
    distribution = Distribution.objects.select_related("survey", "organization").get(id=distribution_id)
    steps = list(Step.objects.filter(distribution_id=distribution_id).select_related("provider_account"))
    step = next(step for step in steps if step.id == step_id)
    account = step.provider_account
    return Route(
        distribution=distribution,
        steps=steps,
        step=step,
        provider_kind=account.kind,
        account=as_account(account),
        is_open=account.is_active,
        sender=Sender(
            step.from_email or account.from_email,
            step.from_name or account.from_name,
            step.reply_to_email or account.reply_to_email,
        ),
        variants={
            variant.locale: compile_variant(variant.locale, variant.subject, variant.html, variant.text)
            for variant in TemplateVariant.objects.filter(template_id=step.template_id)
        },
        public_base_url=settings.PUBLIC_BASE_URL,
    )


def as_account(account: ProviderAccount) -> Account:
    """As its provider knows it."""
    return Account(
        account.id,
        account.organization_id,
        Channel(account.channel),
        account.configuration,
        account.credentials,
        f"{settings.PUBLIC_BASE_URL}/webhooks/{account.id}",
    )
