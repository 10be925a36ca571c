"""Which provider account carries the next messages of a step, and how many of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, log
from random import random
from uuid import UUID

from channels.buckets import lock_buckets, write_bucket
from channels.providers.base import Account, Sender
from channels.providers.registry import provider_class
from channels.rate_limit import Bucket, Cause, Grant, Limits, Wait, take
from distributor.rules.journey.retry import ACCOUNT_PAUSE

# A shorter pause is sat out: another account is for when the first cannot, not for when it catches its breath.
PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AccountOption:
    """A provider account that may carry a step's messages, as it stood when the route was opened."""

    name: str
    kind: str
    account: Account
    sender: Sender
    is_active: bool
    limits: Limits
    bucket: Bucket
    weight: int | None = None

    @property
    def batch_size(self) -> int:
        return provider_class(self.kind).batch_size

    def is_free(self, now: datetime) -> bool:
        """Nothing holds it back and nothing has to be counted: no lock that others would wait for."""
        return not self.limits.any and not self.bucket.is_shut(now)

    def capacity(self, now: datetime) -> int:
        """The most messages that one call could take."""
        if self.bucket.is_shut(now):
            return 1
        return self.batch_size if self.limits.rate_per_second is None else min(self.batch_size, ceil(self.limits.burst))


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many messages go out by this account now."""

    option: AccountOption
    count: int
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """No account takes any before `until`, or before `account_id` is put right.

    `because` is for the operator, and empty where all is as it should be.
    """

    until: datetime
    because: str
    account_id: UUID


def may_send(account_options: Sequence[AccountOption], *, is_urgent: bool, now: datetime) -> bool:
    """Whether any account, as it was read with the route, would take a message now."""
    active = (option for option in account_options if option.is_active)
    return any(isinstance(take(one.limits, one.bucket, 1, is_urgent=is_urgent, now=now), Grant) for one in active)


def take_tokens(
    account_options: Sequence[AccountOption], wanted: int, *, is_urgent: bool, now: datetime
) -> Allowance | Hold:
    """Tokens for as many of `wanted` messages as one call to one account takes, in the caller's transaction.

    What is rolled back was not taken.
    """
    turn = in_turn(account_options)
    if turn and turn[0].is_free(now):
        return Allowance(turn[0], min(wanted, turn[0].batch_size))
    buckets = lock_buckets(option.account.id for option in turn if not option.is_free(now))
    answered = _ask(turn, buckets, wanted, is_urgent=is_urgent, now=now)
    if answered is None:
        return _switched_off(account_options, now)
    answer, option = answered
    if isinstance(answer, Wait):
        write_bucket(option.account.id, answer.bucket)
        return Hold(answer.until, _because(answer, option), option.account.id)
    if answer.bucket != buckets.get(option.account.id, option.bucket):
        write_bucket(option.account.id, answer.bucket)
    return Allowance(option, answer.count, answer.is_probe)


def accounts_available_now(
    account_options: Sequence[AccountOption], *, is_urgent: bool, now: datetime
) -> Sequence[AccountOption] | Hold:
    """Who would carry a message now, as the accounts were read, without taking a token.

    One, or where they share by weight all that would.
    """
    turn = in_turn(account_options)
    if any(option.weight for option in turn):
        sharing = [option for option in account_options if may_send([option], is_urgent=is_urgent, now=now)]
        if sharing:
            return sharing
    answered = _ask(turn, {}, 1, is_urgent=is_urgent, now=now)
    if answered is None:
        return _switched_off(account_options, now)
    answer, option = answered
    return [option] if isinstance(answer, Grant) else Hold(answer.until, _because(answer, option), option.account.id)


def _ask(
    turn: Sequence[AccountOption], buckets: Mapping[UUID, Bucket], wanted: int, *, is_urgent: bool, now: datetime
) -> tuple[Grant | Wait, AccountOption] | None:
    """The first account that takes any, else the one that is waited for the least; None when there is none to ask.

    `buckets` are those that were read anew.
    """
    waits: list[tuple[Wait, AccountOption]] = []
    for option in turn:
        bucket = buckets.get(option.account.id, option.bucket)
        answer = take(option.limits, bucket, min(wanted, option.batch_size), is_urgent=is_urgent, now=now)
        if isinstance(answer, Grant):
            return answer, option
        waits.append((answer, option))
        if not _moves_on(answer, option, now):
            break
    return min(waits, key=lambda one: one[0].until, default=None)


def _switched_off(account_options: Sequence[AccountOption], now: datetime) -> Hold:
    return Hold(now + ACCOUNT_PAUSE, "the provider account is switched off", account_options[0].account.id)


def in_turn(account_options: Sequence[AccountOption]) -> list[AccountOption]:
    """Those that are switched on, in the order in which they are asked: as named, or at random by weight."""
    active = [option for option in account_options if option.is_active]
    # Efraimidis and Spirakis: sorted by such draws, each comes first as often as its weight says.
    return sorted(
        active,
        key=lambda option: log(1 - random()) / -option.weight if option.weight else 0.0,  # noqa: S311
    )


def _moves_on(wait: Wait, option: AccountOption, now: datetime) -> bool:
    """Whether the next account is asked, or this one waited for. Those that share by weight never wait for one."""
    if option.weight is not None or wait.cause in (Cause.BROKEN, Cause.SPENT):
        return True
    return wait.cause is Cause.PAUSED and wait.until > now + PATIENCE


def _because(wait: Wait, option: AccountOption) -> str:
    match wait.cause:
        case Cause.BROKEN:
            return f"{option.name} is broken: {wait.bucket.broken_because}"
        case Cause.PAUSED:
            return f"{option.name} asked for a pause"
        case Cause.SPENT:
            return f"{option.name} has sent what it may send today"
        case Cause.SLOW:
            return ""
