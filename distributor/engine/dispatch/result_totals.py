"""What monitoring counts of a provider's call: its results, in words that every provider shares, and its duration."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from channels.providers.base import Outcome, Result, Scope
from distributor.engine.counters.count import Route
from distributor.engine.counters.totals import ATTEMPTS, PROVIDER_CALLS, Total, Totals
from distributor.models.attempt import AttemptState

_ATTEMPT_STATES: Final = {Outcome.ACCEPTED: AttemptState.SENT.value, Outcome.UNKNOWN: AttemptState.UNKNOWN.value}
_FAILED: Final = AttemptState.FAILED.value
# The state of an attempt that a result makes, and its reason: "" if the message was accepted.
Kind = tuple[str, str]
_ACCEPTED: Final[Kind] = (AttemptState.SENT.value, "")
# A result that is no attempt of the person's: the message waits, and is handed over again.
DEFERRED: Final = "deferred"
# What reason_of() may say of a message that was not accepted.
REASONS: Final = ("opted_out", "bad_address", "throttled", *(scope.value for scope in Scope), "unspecified")


def state_of(outcome: Outcome) -> str:
    """Return the state of the attempt that a result makes."""
    return _ATTEMPT_STATES.get(outcome, _FAILED)


def count_results(results: Iterable[Result]) -> Counter[Kind]:
    """Return how many results there are of each kind."""
    counts: Counter[Kind] = Counter()
    for result in results:
        if result.outcome is Outcome.ACCEPTED:  # nearly all are
            counts[_ACCEPTED] += 1
        else:
            counts[state_of(result.outcome), reason_of(result)] += 1
    return counts


def totals_of(route: Route, results: Sequence[Result], attempts: Counter[Kind], answer_seconds: float | None) -> Totals:
    """Count each attempt by its state and reason, and the other results as deferred."""
    totals = Totals(route.account_id)
    others: Counter[Kind] = Counter()
    if attempts.total() < len(results):
        others = count_results(results) - attempts
    for (state, reason), count in attempts.items():
        totals.add(Total(ATTEMPTS, route.channel, state, reason), count)
    for (_, reason), count in others.items():
        totals.add(Total(ATTEMPTS, route.channel, DEFERRED, reason), count)
    if answer_seconds is not None:
        totals.add_seconds(Total(PROVIDER_CALLS, route.channel), answer_seconds)
    return totals


def reason_of(result: Result) -> str:
    """Return why a message was not accepted, in one of a dozen words; "" if it was."""
    if result.outcome is Outcome.ACCEPTED:
        return ""
    if result.opted_out:
        return "opted_out"
    if result.is_bad_address:
        return "bad_address"
    if result.outcome is Outcome.THROTTLED:
        return "throttled"
    return result.scope.value if result.scope is not None else "unspecified"
