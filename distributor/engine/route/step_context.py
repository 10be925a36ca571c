"""Everything that a step's messages have in common, read once per batch instead of once per recipient."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from channels.account_state.buckets import bucket_of
from channels.account_state.rate_limit import Bucket, Limits
from channels.account_state.refused_senders import refused_senders_of
from channels.account_state.scores import scores_of
from channels.locales import choose_locale
from channels.models import ProviderAccount, TemplateVariant, key_of_text
from channels.providers.base import Account, Sender
from channels.rendering import CompiledVariant, compile_variant
from contacts.channel import Channel
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.route.accounts import AccountOption
from distributor.engine.route.step_rows import read_distribution, read_steps, read_variants
from distributor.models import Attempt, Distribution, Step, StepAccount
from distributor.models.distribution import ChannelMode
from distributor.rules.journey.chain import Passage, StepKind, next_step, resume_chain
from distributor.rules.requests import StepRequest


class KeptParts(NamedTuple):
    """What the attempts of one variant keep: the key of its texts, and which values. `survey_name`: "" if unused."""

    key: str
    contact_keys: Sequence[str]
    survey_name: str


@dataclass(frozen=True, slots=True)
class StepContext:
    """A distribution's step with its provider accounts and compiled template.

    `steps` are the steps for all recipients, and the current one; `personal_steps` those for one contact only, by its
    id. `provider_kind`, `account` and `sender` are those of the account in use: at first the step's first account.
    """

    distribution: Distribution
    steps: Sequence[Step]
    step: Step
    may_continue: bool  # whether any step may follow another; in most distributions none does
    provider_kind: str
    account: Account
    sender: Sender
    account_options: Sequence[AccountOption]
    variants: Mapping[str, CompiledVariant]
    kept_texts: Mapping[str, KeptParts]  # by the locale of the variant
    # Of every message. Reading them anew for each one takes time: the settings alone took 6 % of a worker's.
    public_base_url: str
    installation_id: str
    group_id: str
    survey_name: str
    on_missing_value: str
    personal_steps: Mapping[UUID, Sequence[Step]] = field(default_factory=dict)
    _variants_by_wanted_locale: dict[str, CompiledVariant] = field(default_factory=dict)

    def variant_for(self, recipient_locale: str, contact_locale: str) -> CompiledVariant:
        """Return the variant for the recipient's locale, else the contact's, else the survey's."""
        wanted_locale = recipient_locale or contact_locale
        variant = self._variants_by_wanted_locale.get(wanted_locale)
        if variant is None:
            locale = choose_locale(wanted_locale, list(self.variants), self.distribution.survey.default_locale)
            variant = self._variants_by_wanted_locale[wanted_locale] = self.variants[locale]
        return variant

    def with_account(self, account_id: UUID) -> "StepContext":
        """Return the same context with another of the step's accounts in use."""
        option = next(option for option in self.account_options if option.account.id == account_id)
        return replace(self, provider_kind=option.kind, account=option.account, sender=option.sender)

    @property
    def account_option(self) -> AccountOption:
        """The account in use, as it was when the context was read."""
        return next(option for option in self.account_options if option.account.id == self.account.id)

    def next_step(
        self, person_id: UUID, passage: Passage, attempts: Sequence[Attempt], reachable: Collection[str], now: datetime
    ) -> tuple[UUID, datetime] | None:
        """Return the id and the moment of the step after this one, given the attempts so far; None: the journey ends.

        See rules/journey/chain.py.
        """
        if not self.may_continue:
            return None
        steps = [*self.steps, *self.personal_steps.get(person_id, ())]
        step, passage = resume_chain(steps, self.step, passage, attempts)
        is_multi = self.distribution.mode == ChannelMode.MULTI
        following = next_step(steps, step, passage, is_multi=is_multi, reachable=reachable, now=now)
        return None if following is None else (following[0].id, following[1])

    def with_personal_steps(self, people: Iterable[UUID]) -> "StepContext":
        """Return the same context with the steps that are for one of these contacts only."""
        if not self.distribution.follow_up_count:
            return self
        personal_steps: defaultdict[UUID, list[Step]] = defaultdict(list)
        for step in Step.objects.filter(distribution_id=self.distribution.id, contact_id__in=set(people)):
            if step.contact_id is not None:
                personal_steps[step.contact_id].append(step)
        return replace(self, personal_steps=personal_steps)


def load_step_context(distribution_id: UUID, step_id: UUID) -> StepContext:
    """Read a step with all that its messages have in common."""
    distribution = read_distribution(distribution_id)
    rows = read_steps(distribution_id, step_id)
    steps = [row.step for row in rows]
    step, names_accounts = next(row for row in rows if row.step.id == step_id)
    account_options = _requested_accounts(step) if names_accounts else _account_and_stand_in(step)
    if distribution.is_test:
        account_options = [_as_sandbox(option) for option in account_options]
    elif step.from_email:
        refused = refused_senders_of([option.account.id for option in account_options], step.from_email)
        account_options = [replace(option, refused_sender=refused.get(option.account.id)) for option in account_options]
    variants = read_variants(step.template_id)
    compiled = {
        variant.locale: compile_variant(variant.locale, step.subject or variant.subject, variant.html, variant.text)
        for variant in variants
    }
    return StepContext(
        distribution=distribution,
        steps=steps,
        step=step,
        may_continue=_may_continue(distribution, steps),
        provider_kind=account_options[0].kind,
        account=account_options[0].account,
        sender=account_options[0].sender,
        account_options=account_options,
        variants=compiled,
        kept_texts={
            variant.locale: _kept_parts(variant, compiled[variant.locale], distribution) for variant in variants
        },
        public_base_url=settings.PUBLIC_BASE_URL,
        installation_id=read_installation_id(),
        group_id=str(distribution.id),
        survey_name=distribution.survey.name,
        on_missing_value=step.template.on_missing_value,
    )


def _kept_parts(variant: TemplateVariant, compiled: CompiledVariant, distribution: Distribution) -> KeptParts:
    key = key_of_text(variant.template_id, variant.locale, variant.subject, variant.html, variant.text)
    contact_keys = sorted(name for name in compiled.keys if name.startswith("contact:"))
    return KeptParts(key.hex, contact_keys, distribution.survey.name if "survey:name" in compiled.keys else "")


def _may_continue(distribution: Distribution, steps: Sequence[Step]) -> bool:
    if distribution.follow_up_count:
        return True
    is_multi = distribution.mode == ChannelMode.MULTI
    return len(steps) > 1 and (is_multi or any(step.kind != StepKind.INVITATION for step in steps))


def _account_and_stand_in(step: Step) -> list[AccountOption]:
    """Return the step's account and, if the account has one, its stand-in."""
    account = step.provider_account
    account_options = [as_account_option(step, account)]
    if account.stand_in is not None:
        account_options.append(as_account_option(step, account.stand_in))
    return account_options


def _requested_accounts(step: Step) -> list[AccountOption]:
    """Return the accounts that the request named for the step. Their stand-ins are not used."""
    accounts = StepAccount.objects.filter(step=step).select_related("provider_account__pace").order_by("position")
    step_accounts = list(accounts)
    options = [as_account_option(step, each.provider_account, each.weight) for each in step_accounts]
    if step.has_fixed_split or step_accounts[0].weight is None:
        return options
    scores = scores_of([option.account.id for option in options])
    return [replace(option, scores=scores[option.account.id]) for option in options]


def as_account_option(step: Step | StepRequest, account: ProviderAccount, weight: int | None = None) -> AccountOption:
    """Return an account, loaded with its pace, as an option of the step."""
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


def _as_sandbox(option: AccountOption) -> AccountOption:
    """Return the sandbox in place of an account: a test distribution reaches no provider, whatever its account is."""
    account = replace(option.account, configuration={}, credentials={})
    return replace(
        option, kind="sandbox", account=account, is_active=True, limits=Limits(), bucket=Bucket(), scores=None
    )


def as_account(account: ProviderAccount) -> Account:
    """Return the account in the form that providers use."""
    return Account(
        account.id,
        account.organization_id,
        Channel(account.channel),
        account.configuration,
        account.credentials,
        f"{settings.PUBLIC_BASE_URL}/webhooks/{account.id}",
    )
