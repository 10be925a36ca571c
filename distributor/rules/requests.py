"""The request that every API dialect is translated into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from contacts.contact_fields import ContactFields
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.wording import NO_WORDING, Wording

# Of steps with texts of their own.
NO_TEMPLATE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StepRequest:
    """A step to send on one channel. Among steps of one kind, the lowest priority number goes first.

    An invitation may have a `fallback_delay_minutes`: the time without a response, counted from its first hand-over,
    after which the next invitation follows. A reminder's `delay_minutes` counts from the last hand-over, a thank-you's
    from the response. A reminder or thank-you added to an existing distribution has a `scheduled_at` instead.

    `texts` are the step's own, instead of a template's: subject, html and text by locale. `subject` replaces the
    template's e-mail subject and may use the same placeholders; `subject_source_id` is the template it was taken from.

    `further_account_ids` are more accounts of the same channel. With `weights` (one per account, the first included)
    the accounts share the messages; without, each is a stand-in for those before it. Accounts that share get more of
    the messages the better they deliver, unless the split is fixed.

    Raises ValueError for fields that contradict one another.
    """

    channel: str
    provider_account_id: UUID
    template_id: UUID
    priority: int = 1
    from_email: str = ""
    from_name: str = ""
    reply_to_email: str = ""
    subject: str = ""
    fallback_delay_minutes: int | None = None
    further_account_ids: Sequence[UUID] = ()
    weights: Sequence[int] = ()
    has_fixed_split: bool = False
    kind: StepKind = StepKind.INVITATION
    delay_minutes: int | None = None
    scheduled_at: datetime | None = None
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    subject_source_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.texts and self.template_id != NO_TEMPLATE:
            raise ValueError("a step has either a template or texts of its own")
        timings = sum(timing is not None for timing in (self.delay_minutes, self.scheduled_at))
        if timings != (self.kind is not StepKind.INVITATION):
            raise ValueError("a reminder or thank-you needs either a delay or a scheduled time, an invitation neither")
        if self.kind is StepKind.REMINDER and self.delay_minutes == 0:
            raise ValueError("a reminder's delay must be above zero")
        if self.kind is not StepKind.INVITATION and self.fallback_delay_minutes is not None:
            raise ValueError("only an invitation may have a fallback delay")
        if len(set(self.account_ids)) < len(self.account_ids):
            raise ValueError("a provider account is named twice")
        if self.weights and (len(self.weights) != len(self.account_ids) or min(self.weights) < 1):
            raise ValueError("each provider account needs a weight of at least 1, or none may have a weight")
        if self.has_fixed_split and not self.weights:
            raise ValueError("only a split by weights can be fixed")

    @property
    def account_ids(self) -> Sequence[UUID]:
        return (self.provider_account_id, *self.further_account_ids)


DEFAULT_RECENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class AudienceRules:
    """Which contacts of an audience a distribution leaves out."""

    exclude_opted_out: bool = True
    respect_frequency_rules: bool = True
    exclude_recently_contacted: bool = False
    recent_contact_days: int = DEFAULT_RECENT_DAYS
    # The only addresses that are sent to, as suppressions spell them; None: any.
    team: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """An audience: a list's members, given contacts, or contacts whose embedded data contains `embedded_data`.

    A list with contacts means those of the given contacts who are on the list. Raises ValueError if nothing is given,
    or a filter together with a list or contacts.
    """

    list_id: UUID | None = None
    contact_ids: Sequence[UUID] = ()
    embedded_data: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        names_people = self.list_id is not None or bool(self.contact_ids)
        if names_people == (self.embedded_data is not None):
            raise ValueError("an audience is a list, contacts or a filter")


class LinkType(StrEnum):
    """Whether a link may be used once, several times, or anonymously."""

    ONE_TIME = "one_time"  # one response, tied to the recipient
    MULTIPLE = "multiple"  # several responses, tied to the recipient
    ANONYMOUS = "anonymous"  # responses tied to nobody


@dataclass(frozen=True, slots=True)
class Throttle:
    """The least time between two sends of the same survey to the same contact. Zero: no limit."""

    interval: timedelta
    policy: ThrottlePolicy = ThrottlePolicy.DEFER


@dataclass(frozen=True, slots=True)
class RecipientOptions:
    """What a call gives for one recipient's send.

    `when`: do not send before this time. `last_sent_at` replaces our record of the last send as the throttle's
    baseline. `locale` is BCP 47, such as "pt-BR". `attributes` belong to this send only; the contact's embedded data
    stays as it is.
    """

    when: datetime | None = None
    last_sent_at: datetime | None = None
    locale: str = ""
    attributes: Mapping[str, Any] | None = None
    wording: Wording = NO_WORDING

    @property
    def has_own_timing(self) -> bool:
        """Whether this message may leave at another time than the others."""
        return self.when is not None or self.last_sent_at is not None


NO_OPTIONS: Final = RecipientOptions()


@dataclass(frozen=True, slots=True)
class DistributionRequest:
    """A survey to send to contacts. All times are aware.

    `scheduled_at` None means now. Nothing is sent after `not_after`; from `expires_at` on, links are closed as well.
    `options` is empty or has one entry per contact; for a contact given twice, the last entry counts. `throttle` None
    means the survey's. Without `is_sent`, contacts become recipients with links, but nothing is sent. `stops_on` ends
    the fallbacks besides a response. An `idempotency_key` makes at most one distribution of its organisation.
    `attributes` are data for every recipient: over the contact's embedded data, under the recipient's own. Raises
    ValueError if no step is an invitation.
    """

    source: str
    survey_id: UUID
    contacts: Sequence[ContactFields]
    steps: Sequence[StepRequest]
    is_multi: bool = False
    scheduled_at: datetime | None = None
    not_after: datetime | None = None
    expires_at: datetime | None = None
    name: str = ""
    audience: AudienceRules = AudienceRules()
    options: Sequence[RecipientOptions] = ()
    throttle: Throttle | None = None
    link_type: LinkType = LinkType.ONE_TIME
    is_sent: bool = True
    stops_on: StopsOn = StopsOn.RESPONSE
    idempotency_key: UUID | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not any(step.kind is StepKind.INVITATION for step in self.steps):
            raise ValueError("at least one step must be an invitation")
        if any(step.scheduled_at is not None for step in self.steps):
            raise ValueError("steps with a scheduled time can only be added to an existing distribution")
