"""How distributions stand, each in a word and in a sentence."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from distributor.command_line.operator import Desk, in_zone_of
from distributor.control_room.distribution.sentence import status_sentence
from distributor.engine.reports.pace import read_paces
from distributor.engine.reports.standing import read_standings
from distributor.models import Distribution


class Told(NamedTuple):
    """`word` is a StandingKind."""

    word: str
    sentence: str


def tell_standings(desk: Desk, rows: Sequence[Distribution]) -> dict[UUID, Told]:
    """Return how each distribution stands now, however many there are in two queries."""
    now = desk.now
    standings, paces = read_standings(rows, now), read_paces([row.pk for row in rows], now)
    with in_zone_of(desk):
        return {
            row.pk: Told(standings[row.pk].kind.value, status_sentence(row, standings[row.pk], paces[row.pk]))
            for row in rows
        }
