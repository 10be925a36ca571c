"""Which of a step's provider accounts may send its next messages now, and how many of them.

In which order accounts with weights are asked is decided in steering.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from channels.account_state.buckets import lock_buckets, write_bucket
from channels.account_state.rate_limit import Bucket, Cause, Grant, Limits, Wait, take
from channels.account_state.refused_senders import PROBE_INTERVAL, claim_sender_probe
from channels.models import AccountScore, RefusedSender
from channels.providers.base import Account, Sender
from channels.providers.registry import provider_class
from distributor.rules.journey.retry import ACCOUNT_PAUSE
from distributor.rules.phrases import explain_hold
from distributor.rules.phrases.holds import NO_FACTS, HoldCause, HoldFacts

# Wait out pauses up to this long instead of failing over to the next account.
FAILOVER_PAUSE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AccountOption:
    """A provider account that may send a step's messages, as it was when the step's context was read."""

    name: str
    kind: str
    account: Account
    sender: Sender
    is_active: bool
    limits: Limits
    bucket: Bucket
    weight: int | None = None
    scores: Sequence[AccountScore] | None = None  # what came of its last messages, if that steers its share
    refused_sender: RefusedSender | None = None  # the step's own sender, if the account's provider refuses it

    @property
    def batch_size(self) -> int:
        return provider_class(self.kind).batch_size

    def needs_no_tokens(self, now: datetime) -> bool:
        """Return whether the account works and has no limits, so that its bucket need not be locked."""
        return not self.limits.any and not self._is_in_trouble(now)

    def capacity(self, now: datetime) -> int:
        """Return the most messages that one call to the account could take."""
        if self._is_in_trouble(now):
            return 1
        return self.batch_size if self.limits.rate_per_second is None else min(self.batch_size, ceil(self.limits.burst))

    def _is_in_trouble(self, now: datetime) -> bool:
        return self.bucket.is_shut(now) or self.bucket.is_in_doubt or self.refused_sender is not None


@dataclass(frozen=True, slots=True)
class Allowance:
    """The account may send `count` messages now."""

    option: AccountOption
    count: int
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """No account sends any message before `until`, unless account `account_id` is fixed earlier.

    `cause` is None if the account works as intended, or if `quota` says what is used up.
    """

    until: datetime
    account_id: UUID
    cause: HoldCause | None = None
    facts: HoldFacts = NO_FACTS
    quota: str = ""

    def explain(self, language: str = "en") -> str:
        """Return a sentence for the operator; "" if the account works as intended."""
        return self.quota if self.cause is None else explain_hold(self.cause, self.facts, language=language)


def may_send(account_options: Sequence[AccountOption], *, is_urgent: bool, now: datetime) -> bool:
    """Return whether any of the accounts, as they were read, would take a message now."""
    return any(
        isinstance(_ask(option, option.bucket, 1, is_urgent=is_urgent, now=now), Grant)
        for option in account_options
        if option.is_active
    )


def take_tokens(
    account_options: Sequence[AccountOption], wanted: int, *, is_urgent: bool, now: datetime
) -> Allowance | Hold:
    """Take tokens for at most `wanted` messages in one call to one account. Accounts are asked in their order.

    Runs in the caller's transaction; a rollback returns the tokens.
    """
    active = [option for option in account_options if option.is_active]
    if active and active[0].needs_no_tokens(now):
        return Allowance(active[0], min(wanted, active[0].batch_size))
    buckets = lock_buckets(option.account.id for option in active if not option.needs_no_tokens(now))
    found = _first_grant_or_shortest_wait(active, buckets, wanted, is_urgent=is_urgent, now=now)
    if found is None:
        return _hold_for_inactive(account_options, now)
    answer, option = found
    if isinstance(answer, Wait):
        write_bucket(option.account.id, answer.bucket)
        return _hold_for_wait(answer, option)
    if option.refused_sender is not None and not claim_sender_probe(option.account.id, option.sender.email, now):
        return _hold_for_wait(Wait(now + PROBE_INTERVAL, Cause.SENDER, answer.bucket), option)
    if answer.bucket != buckets.get(option.account.id, option.bucket):
        write_bucket(option.account.id, answer.bucket)
    return Allowance(option, answer.count, answer.is_probe)


def accounts_available_now(
    account_options: Sequence[AccountOption], *, is_urgent: bool, now: datetime
) -> Sequence[AccountOption] | Hold:
    """Return the accounts that would send a message now, as they were read, without taking tokens.

    Several accounts only if they share messages by weight.
    """
    active = [option for option in account_options if option.is_active]
    if any(option.weight for option in active):
        available = [option for option in account_options if may_send([option], is_urgent=is_urgent, now=now)]
        if available:
            return available
    found = _first_grant_or_shortest_wait(active, {}, 1, is_urgent=is_urgent, now=now)
    if found is None:
        return _hold_for_inactive(account_options, now)
    answer, option = found
    return [option] if isinstance(answer, Grant) else _hold_for_wait(answer, option)


def _first_grant_or_shortest_wait(
    active: Sequence[AccountOption], buckets: Mapping[UUID, Bucket], wanted: int, *, is_urgent: bool, now: datetime
) -> tuple[Grant | Wait, AccountOption] | None:
    """Return the first account that grants tokens, else the one with the shortest wait; None if there is no account.

    `buckets` are those that were read again under a lock.
    """
    waits: list[tuple[Wait, AccountOption]] = []
    for option in active:
        bucket = buckets.get(option.account.id, option.bucket)
        answer = _ask(option, bucket, wanted, is_urgent=is_urgent, now=now)
        if isinstance(answer, Grant):
            return answer, option
        waits.append((answer, option))
        if not _fails_over(answer, option, now):
            break
    return min(waits, key=lambda wait_and_option: wait_and_option[0].until, default=None)


def _ask(option: AccountOption, bucket: Bucket, wanted: int, *, is_urgent: bool, now: datetime) -> Grant | Wait:
    """Ask one account for tokens. With a refused sender it gets one message at a time, as a probe."""
    refused = option.refused_sender
    if refused is not None and now < refused.probe_at:
        return Wait(refused.probe_at, Cause.SENDER, bucket)
    wanted = 1 if refused is not None else min(wanted, option.batch_size)
    return take(option.limits, bucket, wanted, is_urgent=is_urgent, now=now)


def _fails_over(wait: Wait, option: AccountOption, now: datetime) -> bool:
    """Return whether the next account is asked instead of waiting for this one. Accounts with weights always do.

    An account in doubt rests for a second or two, and with the sweeps between them its three failed calls took up to
    7 s: whoever has a stand-in does not wait for that.
    """
    if option.weight is not None or wait.cause in (Cause.BROKEN, Cause.SPENT, Cause.SENDER):
        return True
    return wait.cause is Cause.PAUSED and (wait.bucket.is_in_doubt or wait.until > now + FAILOVER_PAUSE)


def _hold_for_inactive(account_options: Sequence[AccountOption], now: datetime) -> Hold:
    return Hold(now + ACCOUNT_PAUSE, account_options[0].account.id, HoldCause.INACTIVE)


def _hold_for_wait(wait: Wait, option: AccountOption) -> Hold:
    bucket, refused = wait.bucket, option.refused_sender
    facts = HoldFacts(option.name, option.sender.email, bucket.failing_since, bucket.broken_because)
    if wait.cause is Cause.SENDER and refused is not None:
        facts = facts._replace(words=refused.because)
    return Hold(wait.until, option.account.id, _cause_of(wait), facts)


def _cause_of(wait: Wait) -> HoldCause | None:
    match wait.cause:
        case Cause.BROKEN:
            return HoldCause.UNREACHABLE if wait.bucket.is_unreachable else HoldCause.BROKEN
        case Cause.SENDER:
            return HoldCause.SENDER
        case Cause.PAUSED:
            return HoldCause.FAILING if wait.bucket.is_in_doubt else HoldCause.PAUSED
        case Cause.SPENT:
            return HoldCause.SPENT
    return None
