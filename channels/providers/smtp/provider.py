"""E-mail by SMTP (RFC 5321) to a relay of the organisation's choice."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from time import monotonic
from typing import Any

from channels.providers.base import (
    NO_ANSWER,
    NOT_TRIED,
    Account,
    Message,
    Outcome,
    Provider,
    Result,
    Scope,
    one_line,
)
from channels.providers.configuration import (
    ConfigurationFault,
    Input,
    Setting,
    check_settings,
    is_integer,
    matches,
    optional,
    unknown_fields,
)
from channels.providers.egress import address_fault
from channels.providers.mime import refuse_addresses
from channels.providers.smtp.session import NoConnectionError, Session
from contacts.channel import Channel

# The caller's lease is 60 s. After 30 s no further message is started, and after 45 s all waiting ends.
START_SECONDS = 30.0
LIMIT_SECONDS = 45.0
QUIT_SECONDS = 2.0
DEFAULT_CONNECTIONS = 4
MAX_CONNECTIONS = 16
# Connecting, TLS and login take as many round trips as two or three messages.
MESSAGES_PER_CONNECTION = 5
# How long no further connection is opened after the server has refused one.
REFUSED_SECONDS = 60.0

_SETTINGS = {
    "host": Setting(
        "Host",
        "The relay's host name or IP address, for example smtp.example.com.",
        matches(r"[A-Za-z0-9._:-]{1,253}"),
        "“host” is required: a host name or an IP address, for example smtp.example.com.",
        is_required=True,
    ),
    "port": Setting(
        "Port",
        "587 with STARTTLS, 465 with TLS, 25 without encryption.",
        is_integer(1, 65535),
        "“port” is required: a number from 1 to 65535, for example 587.",
        is_required=True,
        input=Input.WHOLE_NUMBER,
    ),
    "security": Setting(
        "Security",
        "tls: TLS from the first byte. starttls: the connection switches to TLS. none: everything is sent unencrypted,"
        " including the password.",
        matches("none|starttls|tls"),
        "“security” is required: “none”, “starttls” or “tls”.",
        is_required=True,
        input=Input.CHOICE,
        choices=("starttls", "tls", "none"),
    ),
    "connections": Setting(
        "Connections",
        f"Connections at a time of each worker process, 1 to {MAX_CONNECTIONS}; empty: {DEFAULT_CONNECTIONS}. At most"
        " as many as the relay allows one client.",
        optional(is_integer(1, MAX_CONNECTIONS)),
        f"“connections” must be a whole number from 1 to {MAX_CONNECTIONS}.",
        input=Input.WHOLE_NUMBER,
    ),
}


class Smtp(Provider):
    """Several connections, each in a thread of its own, kept open from batch to batch.

    Credentials: `username` and `password`. Without a username there is no login.
    """

    label = "SMTP"
    channels = frozenset({Channel.EMAIL})
    # 25 per connection: 2 s at 20 ms per round trip.
    batch_size = 100
    settings = _SETTINGS
    credential_names = ("username", "password")
    address_fields = frozenset({"host", "port", "security"})

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._sessions: list[Session] = []
        self._threads: ThreadPoolExecutor | None = None
        self._no_more_until = 0.0

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        faults = check_settings(_SETTINGS, configuration)
        return (faults or _address_faults(configuration)) + unknown_fields(configuration, _SETTINGS, cls.label)

    def account_faults(self) -> list[str]:
        credentials = self.account.credentials
        is_half = bool(credentials.get("password")) and not credentials.get("username")
        return super().account_faults() + ["The username is missing, and there is a password."] * is_half

    def refuse_message(self, message: Message) -> Result | None:
        return refuse_addresses(message)

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        batch = _Batch(messages, monotonic())
        sessions = self._choose_sessions(len(messages))
        threads = self._threads = self._threads or ThreadPoolExecutor(self._connections, thread_name_prefix="smtp")
        # The first session logs in alone: several failed logins at once could make the server lock the account.
        futures: list[Future[None]] = [threads.submit(self._work, sessions[0], batch, None)]
        futures += [threads.submit(self._work, session, batch, batch.has_connected) for session in sessions[1:]]
        wait(futures, timeout=max(batch.limit - monotonic(), 0.0))
        results = batch.end()
        if not all(future.done() for future in futures):
            self._abandon()
            return results
        for future in futures:
            future.result()  # raises errors of our own code; those of the network are results
        return results

    def test_connection(self) -> Result:
        if faults := self.account_faults():
            return Result(Outcome.PERMANENT, detail=one_line(" ".join(faults)), scope=Scope.ACCOUNT)
        session = Session(self.account)
        try:
            session.open(monotonic() + LIMIT_SECONDS)
        except NoConnectionError as error:
            return error.result
        session.leave(monotonic() + QUIT_SECONDS)
        is_login = bool(self.account.credentials.get("username"))
        return Result(
            Outcome.ACCEPTED, detail="Connected and logged in." if is_login else "Connected, without a login."
        )

    def close(self) -> None:
        limit = monotonic() + QUIT_SECONDS
        for session in self._sessions:
            session.leave(limit)
        if self._threads is not None:
            self._threads.shutdown()
        self._sessions, self._threads = [], None

    def _choose_sessions(self, count: int) -> list[Session]:
        """Return the open sessions, and as many more as this number of messages justifies."""
        if not self._sessions:
            self._sessions = [Session(self.account) for _ in range(self._connections)]
        self._sessions.sort(key=lambda session: not session.is_open)
        open_count = sum(session.is_open for session in self._sessions)
        justified = 1 if monotonic() < self._no_more_until else -(-count // MESSAGES_PER_CONNECTION)
        return self._sessions[: min(max(open_count, justified, 1), count)]

    @property
    def _connections(self) -> int:
        return self.account.configuration.get("connections") or DEFAULT_CONNECTIONS

    def _work(self, session: Session, batch: "_Batch", after: Event | None) -> None:
        """Send waiting messages one by one, until none waits, the time is over, or the server refuses a connection."""
        try:
            if after is not None:
                after.wait(max(batch.limit - monotonic(), 0.0))
            session.check(batch.limit)
            if batch.refusal is not None and not session.is_open:
                return
            while batch.may_continue():
                session.open(batch.limit)
                batch.has_connected.set()
                taken = batch.take()
                if taken is not None:
                    self._send(session, batch, *taken)
        except NoConnectionError as error:
            batch.refusal = error.result
            if after is not None:
                self._no_more_until = monotonic() + REFUSED_SECONDS
        finally:
            batch.has_connected.set()

    def _send(self, session: Session, batch: "_Batch", index: int, message: Message) -> None:
        """Send a message. “Too fast” or a refusal of the account ends the batch: the next message would get the same.

        Otherwise 300 messages to a server that answers 421 were 1,200 connections a minute.
        """
        try:
            result = batch.results[index] = session.send(message)
        except NoConnectionError as error:
            batch.results[index] = error.result
            raise
        if result.outcome is Outcome.THROTTLED:
            self._no_more_until = monotonic() + REFUSED_SECONDS
            batch.stop(NOT_TRIED)
        elif result.scope is Scope.ACCOUNT:
            batch.stop(result)

    def _abandon(self) -> None:
        """Give up threads that wait where no time limit applies, for example for a name to be resolved."""
        for session in self._sessions:
            session.interrupt()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._sessions, self._threads = [], None


def _address_faults(configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
    """Return why the relay may not be connected to. The fields must be valid."""
    is_encrypted = configuration["security"] != "none"
    message = address_fault(configuration["host"], configuration["port"], is_encrypted=is_encrypted)
    return [ConfigurationFault("host", f"“host”: {message}")] if message else []


class _Batch:
    """State shared by the sessions of one batch: messages that wait, by index, and results of those that were started.

    `refusal` is set when a session cannot connect: it is the result of all messages that no other session takes.
    """

    def __init__(self, messages: Sequence[Message], now: float) -> None:
        self.waiting = dict(enumerate(messages))
        self.limit = now + LIMIT_SECONDS
        self.results: dict[int, Result] = {}
        self.refusal: Result | None = None
        self.has_connected = Event()  # the first session is connected, or has failed to connect
        self._count = len(messages)
        self._started: set[int] = set()
        self._start_until = now + START_SECONDS
        self._lock = Lock()

    def may_continue(self) -> bool:
        return bool(self.waiting) and monotonic() < self._start_until

    def take(self) -> tuple[int, Message] | None:
        """Return the next message, or None if another session was faster."""
        with self._lock:
            if not self.may_continue():
                return None
            index = min(self.waiting)
            self._started.add(index)
            return index, self.waiting.pop(index)

    def stop(self, result_of_rest: Result) -> None:
        """Start no further message. Those that wait get this result."""
        with self._lock:
            rest, self.waiting = self.waiting, {}
            self.results |= dict.fromkeys(rest, result_of_rest)

    def end(self) -> list[Result]:
        """Return the results in the order of the messages. No message is started after this."""
        with self._lock:
            rest, self.waiting = self.waiting, {}
        results = dict.fromkeys(rest, self._result_of_rest()) | dict.fromkeys(self._started, NO_ANSWER)
        results |= dict(self.results)
        return [results[index] for index in range(self._count)]

    def _result_of_rest(self) -> Result:
        return NOT_TRIED if self.refusal is None or monotonic() >= self._start_until else self.refusal
