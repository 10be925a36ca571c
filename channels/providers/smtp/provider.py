"""E-mail by SMTP (RFC 5321) to a relay of the organisation's choice."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from time import monotonic
from typing import Any

from channels.providers.base import Account, Message, Outcome, Provider, Result, Scope
from channels.providers.mime import refuse_addresses
from channels.providers.smtp.line import Line, NoConnectionError
from contacts.channel import Channel

# The caller holds its lease for 60 s: after 30 s no further message is begun, and at 45 s all waiting ends.
TRYING_SECONDS = 30.0
LIMIT_SECONDS = 45.0
QUIT_SECONDS = 2.0
DEFAULT_CONNECTIONS = 4
MAX_CONNECTIONS = 16
# To connect, secure and log in takes the round trips of two or three messages.
MESSAGES_WORTH_A_CONNECTION = 5
# A server that has refused a further connection is not asked for one again so soon.
ENOUGH_SECONDS = 60.0
SECURITIES = ("none", "starttls", "tls")

_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_NOT_TRIED = Result(Outcome.THROTTLED, detail="Not tried: the batch took too long.", retry_after_seconds=0)
_NO_ANSWER = Result(Outcome.UNKNOWN, detail="There was no answer in time.")


class Smtp(Provider):
    """Several connections, each in a thread of its own, kept open from batch to batch.

    Configuration: `{"host": "smtp.example.com", "port": 587, "security": "none"|"starttls"|"tls", "connections": 4}`;
    “tls” is TLS from the first byte (port 465), “none” sends all in the clear, the password too. `connections` at a
    time, 1 to 16, is optional: as many as the relay allows one client. Without a username there is no login.
    """

    label = "SMTP"
    channels = frozenset({Channel.EMAIL})
    # 25 a connection: at 20 ms a round trip 2 s.
    batch_size = 100
    credential_names = ("username", "password")

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._lines: list[Line] = []
        self._threads: ThreadPoolExecutor | None = None
        self._enough_until = 0.0

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong with what an account names, and every name that means nothing."""
        known = {name: value for name, value in configuration.items() if name in _CHECKS}
        unknown = {name: value for name, value in configuration.items() if name not in _CHECKS}
        faults = [fault for name, (is_right, fault) in _CHECKS.items() if not is_right(known.get(name))]
        return faults + super().configuration_faults(unknown)

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        faults = self.configuration_faults(self.account.configuration)
        if faults:
            return [Result(Outcome.PERMANENT, detail=" ".join(faults), scope=Scope.ACCOUNT)] * len(messages)
        results = {index: fault for index, message in enumerate(messages) if (fault := refuse_addresses(message))}
        sendable = {index: message for index, message in enumerate(messages) if index not in results}
        if sendable:
            results |= self._spread(_Chunk(sendable, monotonic()))
        return [results[index] for index in range(len(messages))]

    def close(self) -> None:
        limit = monotonic() + QUIT_SECONDS
        for line in self._lines:
            line.leave(limit)
        if self._threads is not None:
            self._threads.shutdown()
        self._lines, self._threads = [], None

    def _spread(self, chunk: "_Chunk") -> dict[int, Result]:
        """Every message of the chunk over whichever line is free for it."""
        lines = self._choose_lines(len(chunk.waiting))
        threads = self._threads = self._threads or ThreadPoolExecutor(self._connections, thread_name_prefix="smtp")
        # One goes ahead: where it is not let in, the others need not fail the same login until the account is locked.
        futures: list[Future[None]] = [threads.submit(self._work, lines[0], chunk, None)]
        futures += [threads.submit(self._work, line, chunk, chunk.is_led) for line in lines[1:]]
        wait(futures, timeout=max(chunk.limit - monotonic(), 0.0))
        results = chunk.end()
        if not all(future.done() for future in futures):
            self._abandon()
            return results
        for future in futures:
            future.result()  # what it raises is no fault of the network's
        return results

    def _choose_lines(self, count: int) -> list[Line]:
        """Those that are open, and as many more as so many messages are worth."""
        if not self._lines:
            self._lines = [Line(self.account) for _ in range(self._connections)]
        self._lines.sort(key=lambda line: not line.is_open)
        open_lines = sum(line.is_open for line in self._lines)
        worth = -(-count // MESSAGES_WORTH_A_CONNECTION)
        wanted = max(open_lines, 1 if monotonic() < self._enough_until else worth, 1)
        return self._lines[: min(wanted, count)]

    @property
    def _connections(self) -> int:
        return self.account.configuration.get("connections") or DEFAULT_CONNECTIONS

    def _work(self, line: Line, chunk: "_Chunk", after: Event | None) -> None:
        """Send what waits, one by one, until nothing does, the time is over, or the server closes its door."""
        try:
            if after is not None:
                after.wait(max(chunk.limit - monotonic(), 0.0))
            line.wake(chunk.limit)
            if chunk.refusal is not None and not line.is_open:
                return
            while chunk.may_continue():
                line.open(chunk.limit)
                chunk.is_led.set()
                taken = chunk.take()
                if taken is not None:
                    index, message = taken
                    chunk.results[index] = line.send(message)
        except NoConnectionError as failure:
            chunk.refusal = failure.result
            if after is not None:
                self._enough_until = monotonic() + ENOUGH_SECONDS
        finally:
            chunk.is_led.set()

    def _abandon(self) -> None:
        """Let go of threads that wait where no limit reaches, such as a look-up of a name."""
        for line in self._lines:
            line.interrupt()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._lines, self._threads = [], None


class _Chunk:
    """What the lines share while a batch is sent: `waiting` by index, and what became of those that were begun.

    `refusal`, once known, is what a line got that could not connect: the result of all that no other line takes.
    """

    def __init__(self, waiting: Mapping[int, Message], now: float) -> None:
        self.waiting = dict(waiting)
        self.limit = now + LIMIT_SECONDS
        self.results: dict[int, Result] = {}
        self.refusal: Result | None = None
        self.is_led = Event()  # the first line is connected, or has failed to be
        self._begun: set[int] = set()
        self._trying_until = now + TRYING_SECONDS
        self._lock = Lock()

    def may_continue(self) -> bool:
        return bool(self.waiting) and monotonic() < self._trying_until

    def take(self) -> tuple[int, Message] | None:
        """The next message, unless another line was faster."""
        with self._lock:
            if not self.may_continue():
                return None
            index = min(self.waiting)
            self._begun.add(index)
            return index, self.waiting.pop(index)

    def end(self) -> dict[int, Result]:
        """Every message's result. Nothing is begun after this."""
        with self._lock:
            left, self.waiting = self.waiting, {}
        results = dict.fromkeys(left, self._of_the_rest()) | dict.fromkeys(self._begun, _NO_ANSWER)
        return results | dict(self.results)

    def _of_the_rest(self) -> Result:
        return _NOT_TRIED if self.refusal is None or monotonic() >= self._trying_until else self.refusal


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "host": (
        lambda value: isinstance(value, str) and _HOST.fullmatch(value) is not None,
        "“host” is needed: a host name or an IP address.",
    ),
    "port": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536,
        "“port” is needed: a number from 1 to 65535.",
    ),
    "security": (
        lambda value: isinstance(value, str) and value in SECURITIES,
        "“security” is needed: “none”, “starttls” or “tls”.",
    ),
    "connections": (
        lambda value: value is None or (type(value) is int and 1 <= value <= MAX_CONNECTIONS),
        f"“connections” is a number from 1 to {MAX_CONNECTIONS}.",
    ),
}
