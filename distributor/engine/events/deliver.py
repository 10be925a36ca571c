"""Deliver events: claim endpoints, send their requests in threads, and write what came of it.

    claim → find work → send in lanes → give back

The database is used by one thread only. An endpoint gets at most 8 requests at a time, and no two with the same
contact. One that is slow occupies its own 8 threads and nothing else; one that fails five times in a row is left alone
for a while.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from distributor.engine.events.claims import claim_endpoint, give_back
from distributor.engine.events.formats import UnsignableError, write_request
from distributor.engine.events.messages import LANES, Message
from distributor.engine.events.post import WHOLE_SECONDS, Line, PostAnswer
from distributor.engine.events.work import Work, find_work, outcome_of
from distributor.models import EventEndpoint
from distributor.rules.event_delivery import GONE, RESTS_AFTER

logger = structlog.get_logger(__name__)
# How many endpoints a process works on at once.
ENDPOINTS: Final = 16
# For so long a wake-up keeps a worker: other work of its queue is rare.
SLICE_SECONDS: Final = 30.0
# Within the lease, even if the last request takes as long as one may.
PAGE_SECONDS: Final = 20.0
# Claiming stops after so long, so that requests that are finished do not wait until their leases end.
CLAIM_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 0.25
IDLE_SECONDS: Final = 1.0
_UNREADABLE: Final = "Its secret cannot be read: CREDENTIAL_KEYS lacks the key. Restore the key, or rotate the secret."
# Connections that are kept open from one claim to the next, by endpoint.
_lines: dict[UUID, list[Line]] = {}
_MOST_KEPT: Final = 200


class Sending:
    """The requests of one claim, in lanes. Each lane runs in a thread of its own."""

    def __init__(self, work: Work, now: datetime, pool: ThreadPoolExecutor, ends_at: float) -> None:
        self.work = work
        self._now = now
        self._ends_at = min(time.monotonic() + PAGE_SECONDS, ends_at)
        self._failures_in_a_row = 0
        self._is_over = False
        self._lines = _lines_of(work.endpoint)
        lanes: list[list[Message]] = [[] for _ in range(LANES)]
        for number, message in enumerate(work.messages):
            lanes[message.lane if message.contact_ids else number % LANES].append(message)
        self.futures: list[Future[None]] = [
            pool.submit(self._run, line, lane) for line, lane in zip(self._lines, lanes, strict=True) if lane
        ]

    @property
    def is_done(self) -> bool:
        return all(future.done() for future in self.futures)

    def abort_overdue(self) -> None:
        """End requests that take too long."""
        for line in self._lines:
            if line.began_at and time.monotonic() - line.began_at > WHOLE_SECONDS:
                line.abort()

    def raise_faults(self) -> None:
        for future in self.futures:
            future.result()

    def _run(self, line: Line, messages: Sequence[Message]) -> None:
        blocked: set[UUID] = set()
        for message in messages:
            if self._is_over or time.monotonic() > self._ends_at:
                return
            if message.contact_ids & blocked:
                blocked |= message.contact_ids
                continue
            message.answer = answer = self._post(line, message)
            if answer.is_success:
                self._failures_in_a_row = 0
                continue
            blocked |= message.contact_ids
            self._failures_in_a_row += 1
            self._is_over = self._is_over or answer.status == GONE or self._failures_in_a_row >= RESTS_AFTER

    def _post(self, line: Line, message: Message) -> PostAnswer:
        try:
            request = write_request(self.work.endpoint, message, self._now)
        except UnsignableError:
            return PostAnswer(None, error=_UNREADABLE)
        return line.post(request.body, request.headers)


def deliver_due(clock: Callable[[], datetime]) -> bool:
    """Deliver to all endpoints that have something to be sent, for a while. Return whether there may be more.

    At its end nothing is claimed until the last request has been answered. So pages end with it, and endpoints that
    fail are not tried shortly before it: those that hang would keep all others waiting.
    """
    ends_at = time.monotonic() + SLICE_SECONDS
    active: list[Sending] = []
    idle: dict[UUID, float] = {}
    has_more = True
    with ThreadPoolExecutor(ENDPOINTS * LANES) as pool:
        while active or (has_more and time.monotonic() < ends_at):
            has_more = time.monotonic() < ends_at and _claim_more(active, idle, clock, pool, ends_at)
            futures = [future for sending in active for future in sending.futures if not future.done()]
            if futures:
                wait(futures, _TICK_SECONDS, FIRST_COMPLETED)
            for sending in list(active):
                sending.abort_overdue()
                if sending.is_done:
                    active.remove(sending)
                    _finish(sending, clock)
                    has_more = True
    return has_more


def _claim_more(
    active: list[Sending],
    idle: dict[UUID, float],
    clock: Callable[[], datetime],
    pool: ThreadPoolExecutor,
    slice_ends_at: float,
) -> bool:
    """Claim endpoints as long as there are any and threads for them, for a second. Return whether there may be more.

    `idle` are endpoints that had nothing to be sent, and since when: they wait behind something, for at least a second.
    """
    ends_at = time.monotonic() + CLAIM_SECONDS
    while len(active) < ENDPOINTS:
        now, moment = clock(), time.monotonic()
        resting = [endpoint_id for endpoint_id, since in idle.items() if moment - since < IDLE_SECONDS]
        without = [*resting, *(sending.work.endpoint.pk for sending in active)]
        endpoint = claim_endpoint(now, without, failing_too=moment + WHOLE_SECONDS <= slice_ends_at)
        if endpoint is None:
            return False
        try:
            if not _begin(endpoint, active, now, pool, slice_ends_at):
                idle[endpoint.pk] = moment
        except Exception:
            # Its claim ends with its lease; the others go on.
            logger.exception("event_endpoint_fault", endpoint=str(endpoint.pk))
        if time.monotonic() >= ends_at:
            break
    return True


def _begin(
    endpoint: EventEndpoint, active: list[Sending], now: datetime, pool: ThreadPoolExecutor, ends_at: float
) -> bool:
    """Send a claimed endpoint its requests, or give it back. Return False if there was nothing to do."""
    work = find_work(endpoint, now)
    if work.messages:
        active.append(Sending(work, now, pool, ends_at))
        return True
    give_back(endpoint, outcome_of(work, now), now)
    return bool(work.next or work.replay or work.discarded)


def _finish(sending: Sending, clock: Callable[[], datetime]) -> None:
    try:
        sending.raise_faults()
        give_back(sending.work.endpoint, outcome_of(sending.work, clock()), clock())
    except Exception:
        logger.exception("event_endpoint_fault", endpoint=str(sending.work.endpoint.pk))


def _lines_of(endpoint: EventEndpoint) -> list[Line]:
    """Return the endpoint's connections, opened anew if its URL has changed."""
    lines = _lines.pop(endpoint.pk, [])
    if not lines or lines[0].url != endpoint.url:
        for line in lines:
            line.close()
        lines = [Line(endpoint.url) for _ in range(LANES)]
    _lines[endpoint.pk] = lines  # the last one used stands last
    while len(_lines) > _MOST_KEPT:
        for line in _lines.pop(next(iter(_lines))):
            line.close()
    return lines
