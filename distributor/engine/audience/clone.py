"""Clone a distribution: send the same survey again, by the same steps and rules, to the same audience."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contacts.models import ApiKey, Contact
from contacts.models.api_key import KeyKind
from distributor.engine.audience.expand import accept_selection
from distributor.models import Decision, Distribution, Expansion, Recipient, Step
from distributor.models.distribution import ChannelMode
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.requests import AudienceRules, DistributionRequest, LinkType, Selection, StepRequest, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy


class CloneRefusal(StrEnum):
    """Why a distribution cannot be cloned. Stable: callers read them."""

    DELETED = "deleted"
    NOBODY = "nobody"  # everybody in its audience was erased, or there was nobody


class CloneRefusedError(Exception):
    """Nothing was written."""

    def __init__(self, reason: CloneRefusal) -> None:
        super().__init__(f"the distribution cannot be cloned: {reason.value}")
        self.reason = reason


def clone(
    original: Distribution,
    api_key: ApiKey | None,
    now: datetime,
    *,
    source: str,
    scheduled_at: datetime | None = None,
    name: str = "",
    distribution_id: UUID | None = None,
) -> Distribution:
    """Send it again at `scheduled_at`, or now if that is None. The end of sending and of the links moves with it.

    Its contacts are judged anew. Texts and attributes that a call gave for single recipients, and steps that were added
    later, are not taken over. A clone keeps the kind of key: what went to the sandbox goes there again. Its id is
    `distribution_id`; None: a new one. Raises CloneRefusedError, and what accept_selection() raises for accounts,
    templates or lists that are gone.
    """
    if original.deleted_at is not None:
        raise CloneRefusedError(CloneRefusal.DELETED)
    expansion = Expansion.objects.filter(pk=original.pk).first()
    selection = _audience_of(original, expansion)
    later = (scheduled_at or now) - (original.scheduled_at or original.created_at)
    request = DistributionRequest(
        source=source,
        survey_id=original.survey_id,
        contacts=(),
        steps=[_step_request(step) for step in _own_steps(original)],
        is_multi=original.mode == ChannelMode.MULTI,
        scheduled_at=scheduled_at,
        not_after=_moved(original.not_after, later),
        expires_at=_moved(original.expires_at, later),
        name=name or original.name,
        audience=AudienceRules(
            exclude_opted_out=original.exclude_opted_out,
            respect_frequency_rules=original.respect_frequency_rules,
            exclude_recently_contacted=original.exclude_recently_contacted,
            recent_contact_days=original.recent_contact_days,
        ),
        throttle=_throttle(original),
        link_type=LinkType(original.link_type),
        # Otherwise its recipients only have links.
        is_sent=original.registered_count == 0 if expansion is None else expansion.is_sent,
        stops_on=StopsOn(original.stops_on),
        attributes=original.attributes,
    )
    return accept_selection(
        original.organization,
        api_key,
        request,
        selection,
        now,
        key_kind=KeyKind(original.key_kind),
        distribution_id=distribution_id,
    )


def audience_of(original: Distribution) -> Selection:
    """Return whom the distribution was for: its list or filter, else its contacts, whether they were skipped or not.

    Raises CloneRefusedError if nobody is left.
    """
    return _audience_of(original, Expansion.objects.filter(pk=original.pk).first())


def _audience_of(original: Distribution, expansion: Expansion | None) -> Selection:
    if expansion is not None and expansion.contact_ids is None:
        return Selection(expansion.mailing_list_id, (), expansion.embedded_data)
    contact_ids = set(expansion.contact_ids or ()) if expansion is not None else _accepted(original)
    known = Contact.objects.filter(pk__in=contact_ids, organization_id=original.organization_id, erased_at=None)
    remaining = sorted(known.values_list("pk", flat=True))
    if not remaining:
        raise CloneRefusedError(CloneRefusal.NOBODY)
    return Selection(contact_ids=remaining)


def _accepted(original: Distribution) -> set[UUID]:
    """Return the contacts of a call that named them itself."""
    recipients = Recipient.objects.filter(distribution=original).values_list("contact_id", flat=True)
    skipped = Decision.objects.filter(distribution_id=original.pk, recipient_id=None).values_list(
        "contact_id", flat=True
    )
    return {*recipients, *skipped}


def _own_steps(original: Distribution) -> list[Step]:
    return list(original.steps.filter(scheduled_at=None).prefetch_related("accounts").order_by("position"))


def _step_request(step: Step) -> StepRequest:
    accounts = list(step.accounts.all())
    weights = [account.weight for account in accounts if account.weight is not None]
    return StepRequest(
        channel=step.channel,
        provider_account_id=step.provider_account_id,
        template_id=step.template_id,
        priority=step.priority,
        from_email=step.from_email,
        from_name=step.from_name,
        reply_to_email=step.reply_to_email,
        subject=step.subject,
        subject_source_id=step.subject_source_id,
        fallback_delay_minutes=step.fallback_delay_minutes,
        further_account_ids=[account.provider_account_id for account in accounts[1:]],
        weights=weights,
        has_fixed_split=step.has_fixed_split and bool(weights),
        kind=StepKind(step.kind),
        delay_minutes=step.delay_minutes,
    )


def _throttle(original: Distribution) -> Throttle:
    """Return the throttle as it was. Only a call that names its contacts can reject them; a clone skips them."""
    policy = ThrottlePolicy(original.throttle_policy)
    return Throttle(
        timedelta(minutes=original.throttle_minutes or 0),
        ThrottlePolicy.SKIP if policy is ThrottlePolicy.REJECT else policy,
    )


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by
