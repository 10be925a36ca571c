"""What the results of one provider call say about its account. Pure.

A result may be doubtful: a relay's “554 relay access denied” for one recipient may be about that recipient or about us.
The rule: once different recipients get the like in a row, it is about the account. A recipient who fails again, while
others are sent to in between, fails alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from channels.account_state.rate_limit import Bucket
from channels.providers.base import Outcome, Result, Scope

BECAUSE_LENGTH = 255  # of the column
_OUR_SIDE = frozenset({Scope.ACCOUNT, Scope.ROUTE})


class Finding(StrEnum):
    """What a call says about its account."""

    WORKS = "works"  # the provider took a message
    THROTTLED = "throttled"  # too fast, or a quota is used up
    REFUSED = "refused"  # the account is refused: the next message would be, too
    FAILED = "failed"  # nobody answered, or the provider is in trouble
    DOUBTFUL = "doubtful"  # one recipient got an answer that may be about the account
    NOTHING = "nothing"  # only answers about recipients and messages


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a call says about its account, and the words that say it.

    `doubted` are recipients whose message failed while the account may work. `is_unreachable`: nobody answered.
    """

    finding: Finding
    because: str = ""
    has_accepted: bool = False
    is_unreachable: bool = False
    asked_pause_seconds: float | None = None
    until_next_day: bool = False
    doubted: tuple[int, ...] = ()


def weigh(bucket: Bucket, recipient_ids: Sequence[int], results: Sequence[Result]) -> tuple[list[Result], Evidence]:
    """Return the results with every doubt decided, and what they say about the account.

    `bucket` is the account's state before the call. In the returned results only those with the scopes RECIPIENT and
    CONTENT are about a person; doubtful ones are TRANSIENT, so that they are tried again.
    """
    weighed = list(results)
    accepted = [index for index, result in enumerate(weighed) if result.outcome is Outcome.ACCEPTED]
    last_accepted = accepted[-1] if accepted else -1
    blamed = [index for index, result in enumerate(weighed) if _may_be_about_one(result)]
    alone = bool(accepted) or len({recipient_ids[index] for index in blamed}) == 1
    if alone and _has_worked_since(bucket):
        for index in blamed:
            if recipient_ids[index] in bucket.doubted:
                weighed[index] = _about_recipient(weighed[index])
    suspects = [index for index, result in enumerate(weighed) if result.is_suspect]
    in_a_row: set[int | None] = {recipient_ids[index] for index in suspects if index > last_accepted}
    if not accepted and bucket.is_in_doubt:
        # A call failed before: remember the last recipient who failed alone, or None if several failed at once.
        in_a_row.add(bucket.doubted[-1] if bucket.doubted else None)
    is_broken_still = bool(bucket.broken_because) and not accepted
    for index in suspects:
        is_confirmed = index > last_accepted and (is_broken_still or len(in_a_row) > 1)
        weighed[index] = _decide(weighed[index], is_confirmed=is_confirmed, works=bool(accepted))
    evidence = _find(weighed, last_accepted, is_doubtful=bool(suspects))
    doubted = [recipient_ids[index] for index in blamed if weighed[index].scope is not Scope.RECIPIENT or not accepted]
    if len(doubted) > 1 and evidence.finding in (Finding.FAILED, Finding.REFUSED):
        doubted = []  # different recipients failed in a row: it is not about them
    return weighed, replace(evidence, has_accepted=bool(accepted), doubted=tuple(doubted))


def may_concern_account(result: Result) -> bool:
    """Return whether a result, by itself or together with others, says something about the account."""
    if result.outcome is Outcome.ACCEPTED:
        return result.is_suspect
    return _may_be_about_one(result) or _fails(result)


def _may_be_about_one(result: Result) -> bool:
    return result.is_suspect or _is_throttle(result) or _is_failure(result) or _is_refusal(result)


def is_about_account(result: Result) -> bool:
    """Return whether a weighed result is about the account, its sender or the way there, and so about no person."""
    if result.outcome is Outcome.THROTTLED:
        return True
    return result.outcome in (Outcome.PERMANENT, Outcome.TRANSIENT) and result.scope in (*_OUR_SIDE, Scope.SENDER)


def is_accounts_failure(result: Result) -> bool:
    """Return whether a message failed because of the account, for good or not, or its answer was lost on the way."""
    return _fails(result) or _is_refusal(result)


def _is_throttle(result: Result) -> bool:
    """`retry_after_seconds` of 0 is no pause: the provider asked for none, and only our time for the batch was up."""
    return result.outcome is Outcome.THROTTLED and result.retry_after_seconds != 0


def _is_refusal(result: Result) -> bool:
    return result.outcome is Outcome.PERMANENT and result.scope is Scope.ACCOUNT


def _is_failure(result: Result) -> bool:
    return result.outcome is Outcome.TRANSIENT and result.scope in _OUR_SIDE


def _has_worked_since(bucket: Bucket) -> bool:
    return not bucket.is_in_trouble


def _about_recipient(result: Result) -> Result:
    if result.is_suspect and result.outcome is Outcome.PERMANENT:
        return replace(result, is_suspect=False)
    # A refusal that names the account may be true of it the next time, so the person is retried before failing.
    return replace(
        result,
        outcome=Outcome.TRANSIENT,
        scope=Scope.RECIPIENT,
        retry_after_seconds=None,
        until_next_day=False,
        is_suspect=False,
    )


def _decide(result: Result, *, is_confirmed: bool, works: bool) -> Result:
    if is_confirmed:
        return replace(result, scope=Scope.ACCOUNT, is_suspect=False)
    if result.outcome is Outcome.PERMANENT and not works:
        return replace(result, outcome=Outcome.TRANSIENT, is_suspect=False)
    return replace(result, is_suspect=False)


def _find(results: Sequence[Result], last_accepted: int, *, is_doubtful: bool) -> Evidence:
    for result in results:
        if _is_refusal(result):
            return Evidence(Finding.REFUSED, _words(result))
    if throttles := [result for result in results if _is_throttle(result)]:
        asked = [result.retry_after_seconds for result in throttles if result.retry_after_seconds is not None]
        return Evidence(
            Finding.THROTTLED,
            _words(throttles[0]),
            asked_pause_seconds=max(asked, default=None),
            until_next_day=any(result.until_next_day for result in throttles),
        )
    failures = [result for result in results[last_accepted + 1 :] if _fails(result)]
    if len(failures) > (1 if last_accepted >= 0 else 0):
        is_unreachable = all(result.outcome is Outcome.TRANSIENT and result.scope is Scope.ROUTE for result in failures)
        return Evidence(Finding.FAILED, _words(failures[0]), is_unreachable=is_unreachable)
    if last_accepted >= 0:
        return Evidence(Finding.WORKS)
    return Evidence(Finding.DOUBTFUL if is_doubtful else Finding.NOTHING)


def _fails(result: Result) -> bool:
    """A message of unknown outcome may have been sent; about the account it says the same as one that was not."""
    return _is_failure(result) or (result.outcome is Outcome.UNKNOWN and result.scope in _OUR_SIDE)


def _words(result: Result) -> str:
    return " ".join(filter(None, (result.code, result.detail)))[:BECAUSE_LENGTH]
