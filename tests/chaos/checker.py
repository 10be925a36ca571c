"""The checker: what became of everybody whom a caller was promised would be sent to.

It shares no code with the product. It reads the providers' ledger, the caller's promises, and with plain SQL what the
product recorded.

    ok           taken once, and recorded as the row expects (sent)
    lost         never taken, and the product does not say that it is in doubt
    duplicated   taken more than once. Counted: an e-mail taken twice whose first attempt the product recorded as
                 unknown, within the distribution's duplicate risk. Everything else is uncounted
    unknown      the product says that nobody can tell: it ended as indeterminate
    unexpected   taken, and never accepted, or refused by its person, or recorded as not sent
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from tests.chaos.outside.caller import Promise
from tests.chaos.outside.ledger import Taken

_JOURNEYS = """
SELECT r.distribution_id::text, c.email, c.phone, r.outcome,
    (SELECT count(*) FROM distributor_attempt a
     WHERE a.recipient_id = r.id AND a.state = 'unknown' AND a.number < r.attempt_count)
FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id
WHERE r.distribution_id::text = ANY(%s)
"""
_RISKS = "SELECT id::text, duplicate_risk_count FROM distributor_distribution WHERE id::text = ANY(%s)"
_UNFINISHED = """
SELECT (SELECT count(*) FROM distributor_recipient WHERE distribution_id::text = ANY(%(ids)s) AND state = 'waiting')
    + (SELECT count(*) FROM distributor_handover h JOIN distributor_batch b ON b.id = h.batch_id
       WHERE b.distribution_id::text = ANY(%(ids)s) AND h.settled_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Journey:
    """What the product recorded about one recipient. `outcome` is "" while it waits, or if it was stopped.

    `was_in_doubt`: an attempt of unknown outcome was followed by another attempt.
    """

    distribution_id: str
    address: str
    outcome: str
    was_in_doubt: bool


@dataclass
class Verdict:
    """The addresses by what became of them. `recovery_seconds`: from the fault's end to the last message."""

    accepted: int = 0
    ok: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    uncounted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    recovery_seconds: float | None = None

    def faults(self, risk_max: int) -> list[str]:
        """Return what must not be, in sentences; `risk_max` is how many counted duplicates the fault excuses."""
        found = [
            f"{len(addresses)} {what}: {addresses[0]}"
            for what, addresses in (
                ("lost", self.lost),
                ("duplicated, uncounted", self.uncounted),
                ("unexpected", self.unexpected),
            )
            if addresses
        ]
        if len(self.counted) > risk_max:
            found.append(f"{len(self.counted)} duplicated, counted, where the fault excuses {risk_max}")
        return found


def count_unfinished(connection: "psycopg.Connection[tuple[object, ...]]", promises: Sequence[Promise]) -> int:
    """Return how many recipients wait and how many hand-overs have no result, in all."""
    ids = [promise.distribution_id for promise in promises]
    row = connection.execute(_UNFINISHED, {"ids": ids}).fetchone()
    assert row is not None
    return int(str(row[0]))


def read_journeys(
    connection: "psycopg.Connection[tuple[object, ...]]", promises: Sequence[Promise]
) -> tuple[list[Journey], dict[str, int]]:
    """Return all journeys of the promised distributions, and each distribution's duplicate risk."""
    ids = [promise.distribution_id for promise in promises]
    journeys = [
        Journey(str(row[0]), str(row[1] or row[2]), str(row[3]), bool(row[4]))
        for row in connection.execute(_JOURNEYS, [ids]).fetchall()
    ]
    risks = {str(row[0]): int(str(row[1])) for row in connection.execute(_RISKS, [ids]).fetchall()}
    return journeys, risks


def judge(
    promises: Sequence[Promise],
    taken: Sequence[Taken],
    journeys: Sequence[Journey],
    risks: Mapping[str, int],
    *,
    fault_ended_at: float | None = None,
    expected: Mapping[str, str] | None = None,
    in_doubt: Collection[str] = (),
    messages_each: int = 1,
) -> Verdict:
    """Compare promises, ledger and records.

    `expected` holds addresses whose outcome is another than "sent". `in_doubt` are addresses of calls that were never
    acknowledged: whether they are sent to is nobody's promise. `messages_each`: how many messages everybody gets.
    """
    copies = Counter(each.to for each in taken)
    recorded = {(journey.distribution_id, journey.address): journey for journey in journeys}
    risk_left = Counter(risks)
    verdict = Verdict()
    promised: set[str] = set()
    for promise in promises:
        for address in promise.addresses:
            promised.add(address)
            verdict.accepted += 1
            journey = recorded.get((promise.distribution_id, address))
            wanted = (expected or {}).get(address, "sent")
            surplus = copies[address] - messages_each
            _place(verdict, address, surplus, journey, wanted, risk_left)
    refused = {address for promise in promises for address in promise.refused}
    verdict.unexpected += sorted(copies.keys() & refused)
    verdict.unexpected += sorted(copies.keys() - promised - refused - set(in_doubt))
    if taken and fault_ended_at is not None:
        verdict.recovery_seconds = max(0.0, max(each.at_seconds for each in taken) - fault_ended_at)
    return verdict


def _place(
    verdict: Verdict, address: str, surplus: int, journey: Journey | None, wanted: str, risk_left: Counter[str]
) -> None:
    """`surplus`: the copies beyond those that everybody gets."""
    if journey is None:
        (verdict.lost if surplus < 0 else verdict.unexpected).append(address)
    elif surplus > 0:
        is_counted = surplus == 1 and "@" in address and journey.was_in_doubt and risk_left[journey.distribution_id] > 0
        if is_counted:
            risk_left[journey.distribution_id] -= 1
        (verdict.counted if is_counted else verdict.uncounted).append(address)
    elif journey.outcome == "indeterminate":
        verdict.unknown.append(address)
    elif surplus < 0:
        (verdict.ok if wanted == journey.outcome != "sent" else verdict.lost).append(address)
    else:
        (verdict.ok if wanted == journey.outcome else verdict.unexpected).append(address)
