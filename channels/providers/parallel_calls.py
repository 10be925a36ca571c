"""Sends a batch as one request per message, several at a time, for APIs that take one message per request."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import ClassVar

from channels.providers.base import (
    NO_ANSWER,
    NOT_TRIED,
    Account,
    Message,
    Outcome,
    Provider,
    Result,
    Scope,
    describe_error,
)
from channels.providers.http_connections import NotConnectedError, NotSentError, result_of_unsent

# The caller's lease is 60 s. After 20 s no further message is started, and after 40 s all waiting ends.
START_SECONDS = 20.0
LIMIT_SECONDS = 40.0

Send = Callable[[Message], Result]


class ParallelProvider(Provider):
    """A provider that makes one request per message. The configuration's `concurrency` overrides the default."""

    thread_name: ClassVar[str]
    default_concurrency: ClassVar[int]

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._calls: ParallelCalls | None = None

    @abstractmethod
    def open(self, concurrency: int) -> None:
        """Open a client that as many threads can use; `close` closes it."""

    @abstractmethod
    def send_one(self, message: Message) -> Result:
        """Send one message. May raise: after any error but NotSentError the outcome is unknown."""

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        if self._calls is None:
            concurrency = self.account.configuration.get("concurrency") or self.default_concurrency
            self.open(concurrency)
            self._calls = ParallelCalls(concurrency, self.thread_name)
        calls = self._calls
        results = calls.send(messages, self.send_one)
        if calls.is_stuck:
            self.close()
        return results

    def close(self) -> None:
        if self._calls is not None:
            self._calls.close()
        self._calls = None


class ParallelCalls:
    """A pool of `count` threads that lives from batch to batch."""

    def __init__(self, count: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self.is_stuck = False  # threads still wait, so the next batch could not use them

    def send(self, messages: Sequence[Message], send_one: Send) -> list[Result]:
        """Return the result of `send_one` for each message, in order, within LIMIT_SECONDS."""
        started_at = monotonic()
        batch = _Batch(send_one, start_until=started_at + START_SECONDS)
        futures = [self._threads.submit(batch.send, message) for message in messages]
        self.is_stuck = True
        try:
            wait(futures, timeout=started_at + LIMIT_SECONDS - monotonic())
        finally:
            # However the waiting ends, no message is started after it.
            batch.result_of_rest = batch.result_of_rest or NOT_TRIED
        results = [_result(future) for future in futures]
        self.is_stuck = not all(future.done() for future in futures)
        return results

    def close(self) -> None:
        self._threads.shutdown(wait=not self.is_stuck, cancel_futures=True)


class _Batch:
    """State shared by the messages of a batch. Once `result_of_rest` is set, all messages not yet started get it."""

    def __init__(self, send_one: Send, start_until: float) -> None:
        self._send_one = send_one
        self._start_until = start_until
        self.result_of_rest: Result | None = None

    def send(self, message: Message) -> Result:
        """Send one message, unless another one's answer has decided the result of all that wait."""
        if self.result_of_rest is not None:
            return self.result_of_rest
        if monotonic() >= self._start_until:
            return NOT_TRIED
        result, concerns_all = self._try(message)
        if concerns_all:
            self.result_of_rest = self.result_of_rest or result
        return result

    def _try(self, message: Message) -> tuple[Result, bool]:
        """Return a message's result, and whether all other messages would get the same now."""
        try:
            result = self._send_one(message)
        except NotSentError as error:
            return result_of_unsent(error), isinstance(error, NotConnectedError)
        except Exception as error:
            # A timeout, a reset, an answer that was cut off or has no known form: the request was sent.
            return Result(Outcome.UNKNOWN, detail=describe_error(error), scope=Scope.ROUTE), False
        is_refused = result.outcome is Outcome.PERMANENT and result.scope is Scope.ACCOUNT
        return result, is_refused or result.outcome is Outcome.THROTTLED


def _result(future: Future[Result]) -> Result:
    if future.cancel():
        return NOT_TRIED
    return future.result() if future.done() else NO_ANSWER
