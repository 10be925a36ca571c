"""What the results of a call say about the account, and about whom the doubtful ones are."""

import pytest

from channels.account_state.evidence import Finding, weigh
from channels.account_state.rate_limit import Bucket
from channels.providers.base import NO_ANSWER, NOT_TRIED, Outcome, Result, Scope

ACCEPTED = Result(Outcome.ACCEPTED)
LOST = Result(Outcome.TRANSIENT, detail="reset", scope=Scope.ROUTE)
BUSY = Result(Outcome.TRANSIENT, code="503", scope=Scope.ACCOUNT)
FULL = Result(Outcome.TRANSIENT, code="452", scope=Scope.RECIPIENT)
MISSING = Result(Outcome.PERMANENT, code="550", scope=Scope.RECIPIENT)
LOCKED = Result(Outcome.PERMANENT, code="535", scope=Scope.ACCOUNT)
DENIED = Result(Outcome.PERMANENT, code="554", scope=Scope.RECIPIENT, is_suspect=True)
LATER = Result(Outcome.TRANSIENT, code="451", scope=Scope.RECIPIENT, is_suspect=True)
FAST = Result(Outcome.THROTTLED, code="421", scope=Scope.ACCOUNT)
DAY = Result(Outcome.THROTTLED, code="550", scope=Scope.ACCOUNT, until_next_day=True)
LOST_ANSWER = Result(Outcome.UNKNOWN, code="500", scope=Scope.ACCOUNT)
IN_DOUBT = Bucket(failures=1, doubted=(99,))
IN_DOUBT_OF_0 = Bucket(failures=1, doubted=(0,))
KNOWN_0 = Bucket(doubted=(0,))  # recipient 0 failed alone, and the account has worked since
OWN, OURS, FATE = "the person's", "the account's", "failed"


def verdict_of(result: Result) -> str:
    if result.outcome is Outcome.ACCEPTED:
        return "sent"
    if result.scope in (Scope.ACCOUNT, Scope.ROUTE) and result.outcome is not Outcome.UNKNOWN:
        return OURS
    if result.outcome is Outcome.PERMANENT:
        return FATE
    return OWN if result.outcome is Outcome.TRANSIENT else "-"


@pytest.mark.parametrize(
    ("bucket", "results", "finding", "verdicts"),
    [
        (Bucket(), [ACCEPTED, MISSING, FULL], Finding.WORKS, ["sent", FATE, OWN]),
        (Bucket(), [MISSING, FULL], Finding.NOTHING, [FATE, OWN]),
        (Bucket(), [NOT_TRIED, NOT_TRIED], Finding.NOTHING, ["-", "-"]),
        (Bucket(), [LOCKED] * 2, Finding.REFUSED, [OURS] * 2),
        (Bucket(), [ACCEPTED, LOCKED], Finding.REFUSED, ["sent", OURS]),
        # Nobody answers.
        (Bucket(), [LOST], Finding.FAILED, [OURS]),
        (Bucket(), [LOST] * 3, Finding.FAILED, [OURS] * 3),
        (Bucket(), [BUSY] * 2, Finding.FAILED, [OURS] * 2),
        (Bucket(), [LOST_ANSWER] * 2, Finding.FAILED, ["-"] * 2),
        (Bucket(), [NO_ANSWER], Finding.FAILED, ["-"]),
        # One of several: first at nobody's cost, then the person's own.
        (Bucket(), [ACCEPTED, LOST, ACCEPTED], Finding.WORKS, ["sent", OURS, "sent"]),
        (Bucket(), [ACCEPTED, LOST], Finding.WORKS, ["sent", OURS]),
        (Bucket(), [ACCEPTED, LOST, LOST], Finding.FAILED, ["sent", OURS, OURS]),
        (Bucket(), [ACCEPTED, LOST_ANSWER, ACCEPTED], Finding.WORKS, ["sent", "-", "sent"]),
        (KNOWN_0, [LOST], Finding.NOTHING, [OWN]),
        (KNOWN_0, [BUSY, ACCEPTED], Finding.WORKS, [OWN, "sent"]),
        (KNOWN_0, [FAST], Finding.NOTHING, [OWN]),
        (KNOWN_0, [LOST, LOST], Finding.FAILED, [OURS, OURS]),
        (IN_DOUBT_OF_0, [LOST], Finding.FAILED, [OURS]),
        # Refused by name: the account, unless it takes others in between.
        (KNOWN_0, [LOCKED], Finding.NOTHING, [OWN]),
        (KNOWN_0, [LOCKED, LOCKED], Finding.REFUSED, [OURS, OURS]),
        # “Relay access denied”: one person's, unless two get it in a row.
        (Bucket(), [DENIED], Finding.DOUBTFUL, [OWN]),
        (Bucket(), [DENIED, DENIED], Finding.REFUSED, [OURS, OURS]),
        (Bucket(), [ACCEPTED, DENIED, ACCEPTED], Finding.WORKS, ["sent", FATE, "sent"]),
        (Bucket(), [DENIED, ACCEPTED, DENIED], Finding.WORKS, [FATE, "sent", FATE]),
        (Bucket(), [DENIED, DENIED, ACCEPTED], Finding.WORKS, [FATE, FATE, "sent"]),
        (Bucket(), [ACCEPTED, DENIED, DENIED], Finding.REFUSED, ["sent", OURS, OURS]),
        (IN_DOUBT, [DENIED], Finding.REFUSED, [OURS]),
        (IN_DOUBT_OF_0, [DENIED], Finding.DOUBTFUL, [OWN]),
        (Bucket(failures=1), [DENIED], Finding.REFUSED, [OURS]),
        (Bucket(broken_because="554"), [DENIED], Finding.REFUSED, [OURS]),
        (KNOWN_0, [DENIED], Finding.NOTHING, [FATE]),
        # “Later”: one person's, several are an outage.
        (Bucket(), [LATER], Finding.DOUBTFUL, [OWN]),
        (Bucket(), [LATER, LATER], Finding.FAILED, [OURS, OURS]),
        (Bucket(), [LATER, ACCEPTED], Finding.WORKS, [OWN, "sent"]),
        (IN_DOUBT, [LATER], Finding.FAILED, [OURS]),
        # Too fast.
        (Bucket(), [ACCEPTED, FAST, NOT_TRIED], Finding.THROTTLED, ["sent", OURS, "-"]),
        (Bucket(), [DAY], Finding.THROTTLED, [OURS]),
    ],
)
def test_what_a_call_says(bucket: Bucket, results: list[Result], finding: Finding, verdicts: list[str]) -> None:
    weighed, evidence = weigh(bucket, range(len(results)), results)
    assert (evidence.finding, [verdict_of(result) for result in weighed]) == (finding, verdicts)
    assert evidence.has_accepted == (ACCEPTED in results)
    assert not any(result.is_suspect for result in weighed)


def test_who_fails_alone_is_remembered_and_who_fails_with_others_is_not() -> None:
    assert weigh(Bucket(), [4, 5, 6], [ACCEPTED, LOST, ACCEPTED])[1].doubted == (5,)
    assert weigh(Bucket(), [4], [BUSY])[1].doubted == (4,)
    assert weigh(Bucket(), [4, 5], [LOST, LOST])[1].doubted == ()
    assert weigh(Bucket(), [4, 5], [MISSING, FULL])[1].doubted == ()


def test_an_unreachable_provider_is_told_from_one_that_answers() -> None:
    assert weigh(Bucket(), [1, 2], [LOST, LOST])[1].is_unreachable
    assert not weigh(Bucket(), [1, 2], [BUSY, BUSY])[1].is_unreachable
    assert not weigh(Bucket(), [1], [NO_ANSWER])[1].is_unreachable  # it may have taken the message


def test_of_several_pauses_the_longest_is_asked_for() -> None:
    results = [Result(Outcome.THROTTLED, retry_after_seconds=seconds) for seconds in (3.0, 9.0, None)]
    assert weigh(Bucket(), [1, 2, 3], results)[1].asked_pause_seconds == 9.0
