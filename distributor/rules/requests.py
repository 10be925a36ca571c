"""The one meaning that every dialect is translated into."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contacts.given import ContactGiven


@dataclass(frozen=True, slots=True)
class StepRequest:
    """A channel to use; the lowest priority number goes first.

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
    fallback_delay_minutes: int | None = None
    further_account_ids: Sequence[UUID] = ()
    weights: Sequence[int] = ()

    def __post_init__(self) -> None:
        if len(set(self.account_ids)) < len(self.account_ids):
            raise ValueError("a provider account is named twice")
        if self.weights and (len(self.weights) != len(self.account_ids) or min(self.weights) < 1):
            raise ValueError("each provider account has a weight of at least 1, or none has one")

    @property
    def account_ids(self) -> Sequence[UUID]:
        return (self.provider_account_id, *self.further_account_ids)


@dataclass(frozen=True, slots=True)
class AudienceRules:
    """Whom a distribution leaves out."""

    exclude_opted_out: bool = True
    respect_frequency_rules: bool = True
    exclude_recently_contacted: bool = False
    recent_contact_days: int = 30


@dataclass(frozen=True, slots=True)
class DistributionRequest:
    """A survey to people: what every dialect says in its own words. Moments are aware.

    `scheduled_at` None means now. Nothing leaves from `not_after` on; `expires_at` ends the links as well.
    """

    source: str
    survey_id: UUID
    contacts: Sequence[ContactGiven]
    steps: Sequence[StepRequest]
    is_multi: bool = False
    scheduled_at: datetime | None = None
    not_after: datetime | None = None
    expires_at: datetime | None = None
    name: str = ""
    audience: AudienceRules = AudienceRules()
