"""How provider accounts stand: counted by state, and one by one for those that are in trouble or were used last."""

from collections import Counter
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from channels.account_state.buckets import bucket_of
from channels.account_state.health import HealthStatus, health_of
from channels.models import ProviderAccount
from distributor.engine.metrics import catalogue
from distributor.engine.metrics.family import Family

# Beyond so many accounts the others are not counted.
READ_LIMIT: Final = 5_000
# So many accounts have series of their own: those in trouble first.
ACCOUNT_LIMIT: Final = 200
_GRAVEST_FIRST: Final = (HealthStatus.BROKEN, HealthStatus.FAILING, HealthStatus.PAUSED, HealthStatus.WORKING)


def rows() -> QuerySet[ProviderAccount]:
    accounts = ProviderAccount.objects.select_related("pace").defer("credentials").order_by("pk")
    return accounts[:READ_LIMIT]


def read_accounts(now: datetime) -> list[Family]:
    """Read them in one statement."""
    counts: Counter[tuple[str, str, str]] = Counter()
    active: list[tuple[int, ProviderAccount]] = []
    for account in rows():
        status = health_of(bucket_of(account), is_active=account.is_active, now=now).status
        counts[provider_of(account), account.channel, status.value] += 1
        if status is not HealthStatus.INACTIVE:
            active.append((_GRAVEST_FIRST.index(status), account))
    accounts = Family(catalogue.ACCOUNTS)
    for labels, count in sorted(counts.items()):
        accounts.add(count, *labels)
    active.sort(key=lambda item: item[0])
    return [accounts, *_one_by_one([account for _, account in active[:ACCOUNT_LIMIT]], now)]


def provider_of(account: ProviderAccount) -> str:
    """Return the account's kind, or its service, as engine/counters/totals.py names it."""
    return str(account.configuration.get("esp") or account.kind)[:31]


def _one_by_one(accounts: list[ProviderAccount], now: datetime) -> list[Family]:
    breaker, paused = Family(catalogue.BREAKER), Family(catalogue.PAUSED)
    tokens, sent_today = Family(catalogue.TOKENS), Family(catalogue.SENT_TODAY)
    for account in accounts:
        bucket, labels = bucket_of(account), (str(account.pk), provider_of(account))
        breaker.add(int(bool(bucket.broken_because)), *labels)
        left = (bucket.paused_until - now).total_seconds() if bucket.paused_until else 0
        paused.add(max(left, 0), *labels)
        if account.rate_per_second is not None:
            tokens.add(bucket.tokens, *labels)
        sent_today.add(bucket.sent_today if bucket.day == now.date() else 0, *labels)
    return [breaker, paused, tokens, sent_today]
