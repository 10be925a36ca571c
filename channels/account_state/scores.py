"""Reads and writes the scores of accounts that share messages by weight, so that all workers share them.

The database adds and decays the counts in one statement, so no worker overwrites what another has counted.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

import orjson
from django.db import connection

from channels.account_state.destinations import OTHERS
from channels.account_state.steering import HALF_LIFE, REMEMBERED_CALLS, REMEMBERED_MESSAGES, Record, Tally
from channels.models import AccountScore

# Destinations that are counted apart, per account. Phone numbers rarely have more countries.
MOST_DESTINATIONS: Final = 40
# A mail domain is counted apart with a chance of one in so many per message. So a big one soon is, a small one rarely.
MESSAGES_PER_CHANCE: Final = 20
# A destination with less than this left of its counts is no longer counted apart.
FORGOTTEN_BELOW: Final = 1.0

_COUNTS: Final = tuple(each.name for each in fields(Tally))
_COLUMNS: Final = ", ".join(_COUNTS)
# Each pair of counts fades with the further messages, or calls, that it counts.
_FADES: Final = {
    **dict.fromkeys(("taken", "refused"), (REMEMBERED_MESSAGES, "excluded.taken + excluded.refused")),
    **dict.fromkeys(("reported", "delivered"), (REMEMBERED_MESSAGES, "excluded.reported")),
    **dict.fromkeys(("calls", "failed_calls"), (REMEMBERED_CALLS, "excluded.calls")),
    **dict.fromkeys(("answered", "seconds"), (REMEMBERED_MESSAGES, "excluded.answered")),
}


def _left_at(moment: str) -> str:
    """SQL for the part of a score that is left. PostgreSQL refuses numbers that are too small, so it is limited."""
    hours = f"extract(epoch FROM {moment} - score.decayed_at)::float8 / {HALF_LIFE.total_seconds()}"
    return f"power(0.5, least(greatest({hours}, 0), 99))"


def _add(name: str) -> str:
    """SQL for a count after further messages. Tiny rests become 0, see above."""
    remembered, new = _FADES[name]
    kept = f"score.{name} * {_left_at('excluded.decayed_at')} * {remembered} / ({remembered} + {new})"
    return f"{name} = CASE WHEN score.{name} < 0.000001 THEN 0 ELSE {kept} END + excluded.{name}"


# A destination without a row gets one if it `may_be_apart` and there is room; else it counts among the others. Rows are
# written in the order of their key, so that two statements do not deadlock.
_ADD: Final = f"""
WITH given AS (
    SELECT * FROM json_to_recordset(%(rows)s) AS row(
        account_id uuid, destination text, may_be_apart boolean, place int,
        {", ".join(f"{name} float8" for name in _COUNTS)})
),
forgotten AS (
    DELETE FROM channels_accountscore WHERE id IN (
        SELECT id FROM channels_accountscore score
        WHERE account_id IN (SELECT account_id FROM given) AND destination <> ''
            AND (account_id, destination) NOT IN (SELECT account_id, destination FROM given)
            AND (taken + refused + reported) * {_left_at("%(now)s::timestamptz")} < {FORGOTTEN_BELOW}
        FOR UPDATE SKIP LOCKED
    )
),
placed AS (
    SELECT given.*, CASE WHEN EXISTS (
        SELECT FROM channels_accountscore score
        WHERE score.account_id = given.account_id AND score.destination = given.destination
    ) OR may_be_apart AND place < {MOST_DESTINATIONS} - (
        SELECT count(*) FROM channels_accountscore score
        WHERE score.account_id = given.account_id AND score.destination <> ''
    ) THEN destination ELSE '' END AS counted_as
    FROM given
)
INSERT INTO channels_accountscore AS score (account_id, destination, decayed_at, {_COLUMNS})
SELECT account_id, counted_as, %(now)s, {", ".join(f"sum({name})" for name in _COUNTS)}
FROM placed GROUP BY account_id, counted_as ORDER BY account_id, counted_as
ON CONFLICT ON CONSTRAINT one_score_per_account_and_destination DO UPDATE SET
    decayed_at = greatest(score.decayed_at, excluded.decayed_at),
    {", ".join(map(_add, _COUNTS))}
"""  # noqa: S608  made of constants


@dataclass(frozen=True, slots=True)
class Gain:
    """What is added to the counts of an account and a destination."""

    account_id: UUID
    destination: str
    tally: Tally


def add_to_scores(gains: Sequence[Gain], now: datetime, draw: Callable[[], float] | None = None) -> None:
    """Add to the scores, in one statement. `draw` returns numbers in [0, 1); without, no destination becomes apart.

    A calling code is counted apart at once, a mail domain by chance.
    """
    by_size = sorted(gains, key=lambda gain: -gain.tally.taken)
    rows = [
        {
            "account_id": gain.account_id,
            "destination": gain.destination,
            "may_be_apart": draw is not None and _may_be_apart(gain, draw),
            "place": place,
            **asdict(gain.tally),
        }
        for place, gain in enumerate(by_size)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"rows": orjson.dumps(rows).decode(), "now": now})


def scores_of(account_ids: Collection[UUID]) -> dict[UUID, list[AccountScore]]:
    """Return the scores of each of these accounts, in one query."""
    scores: defaultdict[UUID, list[AccountScore]] = defaultdict(list)
    for score in AccountScore.objects.filter(account_id__in=account_ids):
        scores[score.account_id].append(score)
    return {account_id: scores[account_id] for account_id in account_ids}


def record_of(scores: Iterable[AccountScore], now: datetime) -> Record:
    """Return what is known of an account now, by its scores."""
    tallies = {score.destination: score.tally.aged(now - score.decayed_at) for score in scores}
    return Record(tallies.pop(OTHERS, Tally()), tallies)


def forget_scores(account_id: UUID) -> None:
    """Forget what came of the account's messages: somebody has changed it."""
    AccountScore.objects.filter(account_id=account_id).delete()


def _may_be_apart(gain: Gain, draw: Callable[[], float]) -> bool:
    if gain.destination == OTHERS:
        return False
    messages = gain.tally.taken + gain.tally.refused
    return gain.destination.startswith("+") or draw() * MESSAGES_PER_CHANCE < messages
