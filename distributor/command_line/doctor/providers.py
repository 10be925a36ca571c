"""Provider accounts: what keeps them from sending, how they stand, can they be reached; and the DNS of senders."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Final

from channels.account_state.buckets import bucket_of
from channels.account_state.health import HealthStatus, health_of
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Provider, Result
from channels.providers.registry import provider_class
from channels.sender_domain import Standing, check_sender_domain
from contacts.channel import Channel
from contacts.models import Organization
from distributor.command_line.doctor.finding import Finding
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.step_context import as_account

AT_ONCE: Final = 8
DNS_REMEDY: Final = "Add the record that your provider gives you."
_TROUBLE: Final = (HealthStatus.BROKEN, HealthStatus.FAILING)


def check_providers(organizations: Sequence[Organization]) -> Iterator[Finding]:
    """Yield a finding for each account that is switched on, and for each sender's domain. Nothing is sent."""
    rows = ProviderAccount.objects.filter(organization__in=organizations, is_active=True)
    now = database_now()
    accounts = list(rows.select_related("pace", "organization").order_by("organization__name", "name", "pk"))
    if not accounts:
        yield Finding.warn("providers", "No account is switched on.", "Add one in the admin.")
        return
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="provider") as pool:
        providers = [provider_class(each.kind)(as_account(each)) for each in accounts]
        yield from pool.map(partial(_judge, now=now), accounts, providers)
    domains = {each.from_email.rpartition("@")[2].lower() for each in accounts if _has_own_domain(each)}
    for domain in sorted(domains - {""}):
        yield from _check_domain(domain)


def _judge(account: ProviderAccount, provider: Provider, *, now: datetime) -> Finding:
    """Return what was found of one account. Reads no database: it runs in a thread of its own."""
    what = f"account {account.name}"
    if faults := provider.account_faults():
        return Finding.fail(what, " ".join(faults), "Correct it in the admin.")
    try:
        result = provider.test_connection()
    except Exception as error:  # a fault of a provider's module is the finding
        return Finding.fail(
            what, f"Its test failed: {error or type(error).__name__}.", "Look at its page in the admin."
        )
    finally:
        provider.close()
    if result is not None and result.outcome is not Outcome.ACCEPTED:
        return Finding.fail(what, f"It refused the test: {_words(result)}.", "Correct its settings or credentials.")
    return _judge_health(what, account, now, is_tested=result is not None)


def _judge_health(what: str, account: ProviderAccount, now: datetime, *, is_tested: bool) -> Finding:
    health = health_of(bucket_of(account), is_active=True, now=now)
    if health.status in _TROUBLE:
        since = f" since {health.since:%Y-%m-%d %H:%M} UTC" if health.since else ""
        text = f"It is {health.status.value}{since}: {health.reason or 'the last calls failed'}."
        return Finding.fail(what, text, "Correct it and save it in the admin: everything that waits leaves then.")
    if health.status is HealthStatus.PAUSED:
        return Finding.warn(
            what, f"It is paused: {health.reason or 'its provider asked for it'}.", "It goes on by itself."
        )
    return Finding.ok(
        what, "It can be reached, and works." if is_tested else "It works; its provider has no test call."
    )


def _has_own_domain(account: ProviderAccount) -> bool:
    return account.channel == Channel.EMAIL and account.kind != "sandbox"


def _check_domain(domain: str) -> Iterator[Finding]:
    for check in check_sender_domain(domain):
        what, text = f"{check.name} of {domain}", check.sentence
        if check.standing is Standing.FOUND:
            yield Finding.ok(what, text)
        else:
            yield Finding.warn(what, text, DNS_REMEDY)


def _words(result: Result) -> str:
    return " ".join(text for text in (result.code, result.detail) if text) or result.outcome.value
