"""A small world of accounts: what each does with its messages is fixed, and the rule only sees what a sender sees."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from channels.account_state.steering import IN_TIME, Record, Tally, next_turn

MINUTE = timedelta(minutes=1)
# The numbers of decision 35, written down again: half in six hours, half with each 300 messages or 30 calls.
_PAIRS = {("taken", "refused"): 300, ("reported", "delivered"): 300, ("calls", "failed_calls"): 30}
_PAIRS[("answered", "seconds")] = 300


def remember(before: Tally, new: Tally, age: timedelta) -> Tally:
    """Return a tally after further messages: a second implementation of what the database does."""
    halvings = max(age.total_seconds(), 0.0) / 3_600 / 6
    after = {}
    for (counted, part), limit in _PAIRS.items():
        added = getattr(new, counted) + (new.refused if counted == "taken" else 0.0)
        kept = 0.5**halvings * limit / (limit + added)
        for name in (counted, part):
            after[name] = max(getattr(before, name) * kept + getattr(new, name), 0.0)
    return Tally(**after)


@dataclass(frozen=True)
class Behaviour:
    """What an account does with a message; `delivers` and `refuses` are probabilities, delivery reports come later."""

    delivers: float = 0.97
    refuses: float = 0.01
    seconds: float = 0.02  # of a call, per message
    is_dead: bool = False
    reports: bool = True
    delivered_after: timedelta = MINUTE


@dataclass
class World:
    """Sends `per_minute` messages a minute, in chunks, by accounts whose behaviour may change with time."""

    accounts: Sequence[Mapping[int, Behaviour]]  # by the minute from which on
    weights: Sequence[int]
    seed: int = 1
    chunk: int = 50
    is_steered: bool = True
    mix: Mapping[str, int] = field(default_factory=lambda: {"gmail.com": 1})
    worse_at: Mapping[tuple[int, str], Behaviour] = field(default_factory=dict)
    sent: Counter[int] = field(default_factory=Counter)
    sent_by: list[Counter[int]] = field(default_factory=list)  # by the end of each minute
    lost: int = 0  # not delivered in time, or not even taken
    seconds: float = 0.0

    def run(self, minutes: int, chunks_per_minute: int = 20) -> "World":
        draw = Random(self.seed)
        tallies: dict[tuple[int, str], Tally] = {}
        reports: dict[int, list[tuple[int, str, Tally]]] = {}
        for minute in range(minutes):
            for account, destination, report in reports.pop(minute, ()):
                key = (account, destination)
                tallies[key] = remember(tallies.get(key, Tally()), report, timedelta(0))
            tallies = {key: tally.aged(MINUTE) for key, tally in tallies.items()}
            for _ in range(chunks_per_minute):
                self._send_chunk(draw, tallies, reports, minute)
            self.sent_by.append(Counter(self.sent))
        return self

    def _send_chunk(
        self,
        draw: Random,
        tallies: dict[tuple[int, str], Tally],
        reports: dict[int, list[tuple[int, str, Tally]]],
        minute: int,
    ) -> None:
        people = draw.choices(list(self.mix), list(self.mix.values()), k=self.chunk)
        while people:
            counts = Counter(people)
            records = [
                self._record(account, tallies if self.is_steered else {}) for account in range(len(self.weights))
            ]
            turn = next_turn(self.weights, records, counts, [draw.random() for _ in self.weights])
            going = [person for person in people if person in turn.destinations][: turn.limit]
            for person in going:
                people.remove(person)
            account = turn.accounts[0]
            self.sent[account] += len(going)
            for destination, count in Counter(going).items():
                self._send(draw, account, destination, count, tallies, reports, minute)

    def _record(self, account: int, tallies: Mapping[tuple[int, str], Tally]) -> Record:
        own = {name: tally for (place, name), tally in tallies.items() if place == account}
        return Record(own.pop("", Tally()), own)

    def _behaviour(self, account: int, destination: str, minute: int) -> Behaviour:
        since = max(start for start in self.accounts[account] if start <= minute)
        return self.worse_at.get((account, destination), self.accounts[account][since])

    def _send(
        self,
        draw: Random,
        account: int,
        destination: str,
        count: int,
        tallies: dict[tuple[int, str], Tally],
        reports: dict[int, list[tuple[int, str, Tally]]],
        minute: int,
    ) -> None:
        known = self._behaviour(account, destination, minute)
        refused = sum(draw.random() < known.refuses for _ in range(count))
        taken = 0 if known.is_dead else count - refused
        delivered = sum(draw.random() < known.delivers for _ in range(taken))
        in_time = delivered if known.delivered_after <= IN_TIME else 0
        self.lost += count - in_time
        self.seconds += count * known.seconds
        call = Tally(calls=1, failed_calls=known.is_dead, answered=count, seconds=count * known.seconds)
        message = Tally(taken=taken, refused=0 if known.is_dead else refused)
        for name, new in (("", call), (destination, message)):
            tallies[account, name] = remember(tallies.get((account, name), Tally()), new, timedelta(0))
        if known.reports and taken:
            report = Tally(reported=taken, delivered=in_time)
            due = minute + 1 + int(known.delivered_after / MINUTE)
            reports.setdefault(due, []).append((account, destination, report))

    def with_fixed_split(self) -> "World":
        return replace(self, is_steered=False, sent=Counter(), sent_by=[], lost=0, seconds=0.0)
