"""Trouble that lasts: every account is away for a day once, and two kinds of account are bad all the time.

Where a tenant shares its e-mail by weight, one account is slow and one lies: it accepts, and most of it bounces.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from tests.simulation.population import LYING, SLOW, Plan
from tests.simulation.provider import Fate

MINUTE = timedelta(minutes=1)
SLOW_SECONDS = 40  # of a call: below a worker's lease
LIES = 0.6

_UNREACHABLE = Result(Outcome.TRANSIENT, detail="Connection refused", scope=Scope.ROUTE)
_BUSY = Result(Outcome.TRANSIENT, code="503", scope=Scope.ACCOUNT)
_SUSPENDED = Result(Outcome.PERMANENT, code="401", scope=Scope.ACCOUNT)
_QUOTA = Result(Outcome.THROTTLED, code="429", scope=Scope.ACCOUNT)
_LOST = Result(Outcome.UNKNOWN, code="500", scope=Scope.ACCOUNT)
_ACCEPTED = Result(Outcome.ACCEPTED, "id")


@dataclass(frozen=True)
class Outage:
    """An account is away: each message gets this result. `taken_share` of them are taken although it says otherwise."""

    start: datetime
    end: datetime
    result: Result
    taken_share: float = 0.0


@dataclass
class Outages:
    """The outages by account, and the accounts that are slow or lie."""

    by_account: dict[UUID, Outage] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)

    def fates(self, draw: Random, account_id: UUID, count: int, now: datetime) -> list[Fate] | None:
        """Return what becomes of a call's messages, if something that lasts decides it."""
        if self.is_away(account_id, now):
            outage = self.by_account[account_id]
            return [Fate(outage.result, draw.random() < outage.taken_share) for _ in range(count)]
        if self.names.get(account_id) == LYING:
            kinds = ["soft_bounced" if draw.random() < LIES else "delivered" for _ in range(count)]
            return [Fate(_ACCEPTED, True, kind, MINUTE) for kind in kinds]
        return None

    def is_away(self, account_id: UUID, now: datetime) -> bool:
        outage = self.by_account.get(account_id)
        return outage is not None and outage.start <= now < outage.end

    def seconds(self, account_id: UUID) -> int:
        """Return how long a call takes."""
        return SLOW_SECONDS if self.names.get(account_id) == SLOW else 0


def draw_outages(seed: int, plans: Sequence[Plan], away_for: timedelta, unreachable_for: timedelta) -> Outages:
    """Draw an outage for every account, one of these kinds each, about when its tenant sends.

    Unreachable accounts are probed every few seconds, which takes the simulation a minute per day: they are away for
    `unreachable_for`.
    """
    draw = Random(seed + 1_000_000)
    outages = Outages()
    kinds = [(_BUSY, 0.0), (_SUSPENDED, 0.0), (_QUOTA, 0.0), (_LOST, 0.5), (_UNREACHABLE, 0.0)]
    for number, account in enumerate(_accounts()):
        result, taken_share = kinds[number % len(kinds)]
        length = unreachable_for if result is _UNREACHABLE else away_for
        moments = [plan.at for plan in plans if plan.tenant.id == account.organization_id] or [plans[0].at]
        start = draw.choice(moments) + draw.randrange(-90, 11) / 100 * length
        outages.by_account[account.pk] = Outage(start, start + length, result, taken_share)
        outages.names[account.pk] = account.name
    return outages


def _accounts() -> Iterable[ProviderAccount]:
    return ProviderAccount.objects.order_by("organization__slug", "channel", "name")
