"""How a step's messages go out: read once per batch, not once per recipient."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from channels.buckets import bucket_of
from channels.models import ProviderAccount, TemplateVariant
from channels.providers.base import Account, Sender
from channels.rendering import CompiledVariant, choose_locale, compile_variant
from contacts.channel import Channel
from distributor.engine.route.accounts import AccountOption
from distributor.models import Attempt, Distribution, Step, StepAccount
from distributor.models.distribution import ChannelMode
from distributor.rules.journey.chain import Passage, StepKind, next_step, resume_chain
from distributor.rules.requests import StepRequest


@dataclass(frozen=True, slots=True)
class StepContext:
    """A distribution's step with its provider accounts and compiled template.

    `steps` are those for everybody, and the one in use; `own_steps` those that are for one person only, by its id.
    Kind, account and sender are those of the outlet in use: at first the step's own account.
    """

    distribution: Distribution
    steps: Sequence[Step]
    step: Step
    may_continue: bool  # whether any step may follow another: of most distributions none does
    provider_kind: str
    account: Account
    sender: Sender
    account_options: Sequence[AccountOption]
    variants: Mapping[str, CompiledVariant]
    public_base_url: str  # read from the settings once: for each message it was 6 % of a worker's time
    personal_steps: Mapping[UUID, Sequence[Step]] = field(default_factory=dict)
    _chosen: dict[str, CompiledVariant] = field(default_factory=dict)

    def variant_for(self, recipient_locale: str, contact_locale: str) -> CompiledVariant:
        """The variant for the recipient's locale, else the contact's, else the survey's."""
        wanted = recipient_locale or contact_locale
        chosen = self._chosen.get(wanted)
        if chosen is None:
            locale = choose_locale(wanted, list(self.variants), self.distribution.survey.default_locale)
            chosen = self._chosen[wanted] = self.variants[locale]
        return chosen

    def with_account(self, account_id: UUID) -> "StepContext":
        """The same step by another of its accounts."""
        option = next(option for option in self.account_options if option.account.id == account_id)
        return replace(self, provider_kind=option.kind, account=option.account, sender=option.sender)

    def next_step(
        self, person_id: UUID, passage: Passage, attempts: Sequence[Attempt], reachable: Collection[str], now: datetime
    ) -> tuple[UUID, datetime] | None:
        """What follows this step and when (rules/journey/chain.py), after these tries; None where the journey ends."""
        if not self.may_continue:
            return None
        steps = [*self.steps, *self.personal_steps.get(person_id, ())]
        step, passage = resume_chain(steps, self.step, passage, attempts)
        is_multi = self.distribution.mode == ChannelMode.MULTI
        following = next_step(steps, step, passage, is_multi=is_multi, reachable=reachable, now=now)
        return None if following is None else (following[0].id, following[1])

    def with_personal_steps(self, people: Iterable[UUID]) -> "StepContext":
        """The same, knowing the steps that are for one of these people only, where anything was added at all."""
        if not self.distribution.follow_up_count:
            return self
        personal_steps: defaultdict[UUID, list[Step]] = defaultdict(list)
        for step in Step.objects.filter(distribution_id=self.distribution.id, contact_id__in=set(people)):
            if step.contact_id is not None:
                personal_steps[step.contact_id].append(step)
        return replace(self, personal_steps=personal_steps)


def load_step_context(distribution_id: UUID, step_id: UUID) -> StepContext:
    """Everything about a step that its messages have in common."""
    distribution = Distribution.objects.select_related("survey", "organization").get(id=distribution_id)
    # One statement for what nearly every step has: its account, how that stands, and perhaps a stand-in.
    chain = Step.objects.filter(Q(contact_id=None) | Q(pk=step_id), distribution_id=distribution_id).select_related(
        "provider_account__pace", "provider_account__stand_in__pace"
    )
    steps = list(chain.annotate(names_several=Exists(StepAccount.objects.filter(step=OuterRef("pk")))))
    step = next(step for step in steps if step.id == step_id)
    account_options = _named_accounts(step) if step.names_several else _own_accounts(step)
    return StepContext(
        distribution=distribution,
        steps=steps,
        step=step,
        may_continue=_may_continue(distribution, steps),
        provider_kind=account_options[0].kind,
        account=account_options[0].account,
        sender=account_options[0].sender,
        account_options=account_options,
        variants={
            variant.locale: compile_variant(variant.locale, step.subject or variant.subject, variant.html, variant.text)
            for variant in TemplateVariant.objects.filter(template_id=step.template_id)
        },
        public_base_url=settings.PUBLIC_BASE_URL,
    )


def _may_continue(distribution: Distribution, steps: Sequence[Step]) -> bool:
    if distribution.follow_up_count:
        return True
    is_multi = distribution.mode == ChannelMode.MULTI
    return len(steps) > 1 and (is_multi or any(one.kind != StepKind.INVITATION for one in steps))


def _own_accounts(step: Step) -> list[AccountOption]:
    """The step's account and, if it has one, its stand-in."""
    account = step.provider_account
    account_options = [as_account_option(step, account)]
    if account.stand_in is not None:
        account_options.append(as_account_option(step, account.stand_in))
    return account_options


def _named_accounts(step: Step) -> list[AccountOption]:
    """The accounts that the request named for the step, and no others."""
    named = StepAccount.objects.filter(step=step).select_related("provider_account__pace").order_by("position")
    return [as_account_option(step, one.provider_account, one.weight) for one in named]


def as_account_option(step: Step | StepRequest, account: ProviderAccount, weight: int | None = None) -> AccountOption:
    """An account, read with its pace, as an outlet of a step."""
    return AccountOption(
        name=account.name,
        kind=account.kind,
        account=as_account(account),
        sender=Sender(
            step.from_email or account.from_email,
            step.from_name or account.from_name,
            step.reply_to_email or account.reply_to_email,
        ),
        is_active=account.is_active,
        limits=account.limits,
        bucket=bucket_of(account),
        weight=weight,
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
