"""Remember calls: a thread writes to Valkey what was answered within half a second, in one round trip.

No call waits for it and no statement is added to one. If Valkey is away, or more is answered than the thread takes,
the oldest of it is forgotten.
"""

import atexit
import os
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from threading import Condition, Lock, Thread
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from redis.client import Pipeline

from distributor.engine.calls.durations import ACCEPTED, DURATIONS, class_of
from distributor.engine.infrastructure.valkey import ask_valkey

LAST_CALLS: Final = 100
# The list of a key that is no longer used is forgotten.
KEPT_SECONDS: Final = 30 * 24 * 60 * 60
_PERIOD_SECONDS: Final = 0.5
# A process answers some hundreds a second.
_MOST_WAITING: Final = 2_000


class Call(NamedTuple):
    """An answered call. `path` is the template of its URL, such as `api/v1/contacts/<uuid:contact_id>`.

    `api` is one of a dozen names. `key_id` None: there was no valid API key. `is_acceptance`: it accepted a send.
    """

    at: float  # Unix time
    api: str
    method: str
    path: str
    status: int
    seconds: float
    request_id: str
    key_id: UUID | None = None
    is_acceptance: bool = False


class CallRecorder:
    """Takes calls, and writes them in a thread that begins with the first."""

    def __init__(self) -> None:
        self._begin()
        # A fork has the parent's calls, but not its thread.
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.write_now)

    def _begin(self) -> None:
        self._changed = Condition()
        self._writing = Lock()
        self._waiting: deque[Call] = deque(maxlen=_MOST_WAITING)
        self._thread: Thread | None = None

    def add(self, call: Call) -> None:
        """Have a call remembered soon. Returns at once."""
        with self._changed:
            self._waiting.append(call)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="calls", daemon=True)
                self._thread.start()

    def write_now(self) -> None:
        """Write what waits."""
        with self._writing:
            with self._changed:
                calls = list(self._waiting)
                self._waiting.clear()
            if calls:
                ask_valkey(lambda pipeline: _write(pipeline, calls))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(_PERIOD_SECONDS)
            self.write_now()


def list_of_key(key_id: UUID) -> str:
    """Return the name of the list of a key's last calls."""
    return f"distributor:calls:{key_id}"


def _write(pipeline: Pipeline, calls: Iterable[Call]) -> None:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    lines: defaultdict[UUID, list[bytes]] = defaultdict(list)
    for call in calls:
        labels = {DURATIONS: f"{call.api}|{call.method}|{call.status // 100}xx"}
        if call.is_acceptance:
            labels[ACCEPTED] = call.api
        for name, label in labels.items():
            counts[name][f"{label}|{class_of(call.seconds)}"] += 1
            seconds[name][f"{label}|sum"] += call.seconds
        if call.key_id is not None:
            milliseconds = round(call.seconds * 1_000, 1)
            line = [call.at, call.method, call.path, call.status, milliseconds, call.request_id]
            lines[call.key_id].append(orjson.dumps(line))
    for name in counts:
        for field, count in counts[name].items():
            pipeline.hincrby(name, field, count)
        for field, total in seconds[name].items():
            pipeline.hincrbyfloat(name, field, total)
    for key_id, added in lines.items():
        pipeline.lpush(list_of_key(key_id), *added[-LAST_CALLS:])
        pipeline.ltrim(list_of_key(key_id), 0, LAST_CALLS - 1)
        pipeline.expire(list_of_key(key_id), KEPT_SECONDS)


recorder: Final = CallRecorder()
