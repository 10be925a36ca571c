"""The one meaning that every dialect is translated into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from contacts.contact_fields import ContactFields
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.timing.throttle import ThrottlePolicy
from distributor.rules.wording import NO_WORDING, Wording


@dataclass(frozen=True, slots=True)
class StepRequest:
    """A channel to use; among steps of a kind the lowest priority number goes first.

    `fallback_delay_minutes` is an invitation's: without a response for so long after its first hand-over, the next
    invitation. `delay_minutes` is a reminder's, counted from the last hand-over, or a thank-you's, counted from the
    response; instead of it, what is added to a distribution later has a moment of its own, `scheduled_at`.

    `subject` is what this distribution's e-mails say instead of their template's, with the same placeholders.

    `further_account_ids` are other accounts of the channel. With `weights` (one for each account, the first included)
    they share the messages; without, each stands in for those before it. Raises ValueError where that adds up to
    nothing.
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
    kind: StepKind = StepKind.INVITATION
    delay_minutes: int | None = None
    scheduled_at: datetime | None = None

    def __post_init__(self) -> None:
        whens = sum(one is not None for one in (self.delay_minutes, self.scheduled_at))
        if whens != (self.kind is not StepKind.INVITATION):
            raise ValueError("a reminder and a thank-you have a delay or a moment, an invitation has neither")
        if self.kind is StepKind.REMINDER and self.delay_minutes == 0:
            raise ValueError("a reminder comes after a delay")
        if self.kind is not StepKind.INVITATION and self.fallback_delay_minutes is not None:
            raise ValueError("only an invitation has a fallback")
        if len(set(self.account_ids)) < len(self.account_ids):
            raise ValueError("a provider account is named twice")
        if self.weights and (len(self.weights) != len(self.account_ids) or min(self.weights) < 1):
            raise ValueError("each provider account has a weight of at least 1, or none has one")

    @property
    def account_ids(self) -> Sequence[UUID]:
        return (self.provider_account_id, *self.further_account_ids)


DEFAULT_RECENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class AudienceRules:
    """Whom a distribution leaves out."""

    exclude_opted_out: bool = True
    respect_frequency_rules: bool = True
    exclude_recently_contacted: bool = False
    recent_contact_days: int = DEFAULT_RECENT_DAYS


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the organisation's contacts: the members of a list, these, or those whose embedded data holds this.

    A list and contacts: these of its members. Raises ValueError where that is nobody, or a filter with something else.
    """

    list_id: UUID | None = None
    contact_ids: Sequence[UUID] = ()
    embedded_data: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        names_people = self.list_id is not None or bool(self.contact_ids)
        if names_people == (self.embedded_data is not None):
            raise ValueError("an audience is a list, contacts or a filter")


class LinkType(StrEnum):
    """What a response is tied to, and whether it uses the link up."""

    ONE_TIME = "one_time"  # its recipient, whose link it uses up
    MULTIPLE = "multiple"  # its recipient, whose link stays open for more
    ANONYMOUS = "anonymous"  # nobody


@dataclass(frozen=True, slots=True)
class Throttle:
    """No sooner than the interval after the last send of the same survey to the same contact. Zero: no interval."""

    interval: timedelta
    policy: ThrottlePolicy = ThrottlePolicy.DEFER


@dataclass(frozen=True, slots=True)
class RecipientOptions:
    """What a call says of one recipient's send, beside who it is.

    `when`: not before. `last_sent_at` replaces our record as the throttle's baseline. `locale` is BCP 47.
    `attributes` are this send's alone: the contact, whose embedded data goes with it, does not get them.
    """

    when: datetime | None = None
    last_sent_at: datetime | None = None
    locale: str = ""
    attributes: Mapping[str, Any] | None = None
    wording: Wording = NO_WORDING

    @property
    def moves(self) -> bool:
        """Whether the message may leave at another moment than the others'."""
        return self.when is not None or self.last_sent_at is not None


NO_OPTIONS: Final = RecipientOptions()


@dataclass(frozen=True, slots=True)
class DistributionRequest:
    """A survey to people: what every dialect says in its own words. Moments are aware.

    `scheduled_at` None means now. `not_after` is the last moment at which anything leaves; `expires_at` ends the links
    as well. `options`, if there are any, are as many as contacts; of a contact that is named twice the last count.
    `throttle` None: the survey's. Without `is_sent` recipients are registered: they get links, and nothing is sent.
    `stops_on` is what ends a chain's fallbacks, beside a response. Raises ValueError where no step is an invitation.
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

    def __post_init__(self) -> None:
        if not any(step.kind is StepKind.INVITATION for step in self.steps):
            raise ValueError("no step is an invitation")
        if any(step.scheduled_at is not None for step in self.steps):
            raise ValueError("what has a moment of its own is added later")
