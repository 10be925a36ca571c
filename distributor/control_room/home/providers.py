"""Provider accounts: how they stand, what they take of their limits, and what they answered lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime

from channels.account_state.buckets import bucket_of
from channels.account_state.health import Health, HealthStatus, health_of
from channels.models import ProviderAccount, RefusedSender
from distributor.control_room.home.backlog import Backlog
from distributor.control_room.home.counts import AccountCounts, Counts
from distributor.engine.counters.answer_times import BOUNDS

SHOWN: Final = 50
# An account is silent if it reported something within the week, but nothing for a day in which it sent this much.
SILENT_AFTER: Final = timedelta(days=1)
LEAST_SENT_OF_SILENT: Final = 20
# Failures of a day are unusual from this count on, above this share, and at this multiple of the week before.
LEAST_FAILURES: Final = 10
LEAST_SHARE: Final = 0.01
UNUSUAL_TIMES: Final = 2
SHOWN_REFUSALS: Final = 3

# In the accounts' own statement, so that the page needs no more of them.
_REFUSALS: Final = ArraySubquery(
    RefusedSender.objects.filter(account_id=OuterRef("pk"))
    .order_by("since")
    .values(refusal=JSONObject(email="email", words="because", since="since"))[:SHOWN_REFUSALS]
)


class Refusal(NamedTuple):
    """A sender that the account's provider refuses, and its words."""

    email: str
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A provider account as the home page shows it."""

    account: ProviderAccount
    health: Health
    counts: AccountCounts
    waiting: int
    is_unreachable: bool
    sent_today: int
    refusals: Sequence[Refusal]
    now: datetime

    @property
    def is_broken(self) -> bool:
        return self.health.status is HealthStatus.BROKEN

    @property
    def is_shut(self) -> bool:
        """Whether nothing but a probe leaves by it now."""
        return self.health.status in (HealthStatus.BROKEN, HealthStatus.PAUSED)

    @property
    def limit_per_minute(self) -> float | None:
        per_second = self.account.rate_per_second
        return None if per_second is None else per_second * 60

    @property
    def answer_words(self) -> str:
        """Within what time 95 of 100 calls of the last hour were answered: "0.5 s", "> 30 s" or "–"."""
        seconds = self.counts.answer_seconds
        if seconds is None:
            return "–"
        return f"> {BOUNDS[-1]:g} s" if seconds == float("inf") else f"{seconds:g} s"

    @property
    def is_in_trouble(self) -> bool:
        """Whether nothing leaves by it, or soon nothing will, although it is not switched off."""
        return self.health.status in (HealthStatus.BROKEN, HealthStatus.FAILING)

    @property
    def is_silent(self) -> bool:
        """Whether its webhooks stopped."""
        last = self.counts.last_event_at
        if last is None or self.counts.sent_day < LEAST_SENT_OF_SILENT:
            return False
        return SILENT_AFTER < self.now - last < timedelta(days=8)

    @property
    def failed_share(self) -> float:
        tried = self.counts.sent_day + self.counts.failed_day
        return self.counts.failed_day / tried if tried else 0.0

    @property
    def usual_share(self) -> float:
        tried = self.counts.tried_usually
        return self.counts.failed_usually / tried if tried else 0.0

    @property
    def fails_unusually(self) -> bool:
        """Whether far more failed within a day than in the week before."""
        is_much = self.counts.failed_day >= LEAST_FAILURES and self.failed_share >= LEAST_SHARE
        return is_much and self.failed_share > UNUSUAL_TIMES * self.usual_share


def read_standings(organization_ids: Sequence[UUID], counts: Counts, backlog: Backlog, now: datetime) -> list[Standing]:
    """Return the accounts, those in trouble first."""
    rows = ProviderAccount.objects.filter(organization_id__in=organization_ids).select_related("pace", "organization")
    rows = rows.defer("credentials", "configuration").annotate(refusals=_REFUSALS)
    accounts = list(rows.order_by("-is_active", "name", "pk")[:SHOWN])
    standings = [_standing(account, counts, backlog, now) for account in accounts]
    return sorted(standings, key=lambda each: not each.is_in_trouble)


def _standing(account: ProviderAccount, counts: Counts, backlog: Backlog, now: datetime) -> Standing:
    bucket = bucket_of(account)
    return Standing(
        account,
        health_of(bucket, is_active=account.is_active, now=now),
        counts.accounts.get(account.pk, AccountCounts()),
        backlog.people_held_by(account.pk),
        bucket.is_unreachable,
        bucket.sent_today if bucket.day == now.date() else 0,
        [_refusal(**row) for row in account.refusals],  # type: ignore[attr-defined]
        now,
    )


def _refusal(email: str, words: str, since: str) -> Refusal:
    at = parse_datetime(since)
    assert at is not None
    return Refusal(email, words, at)
