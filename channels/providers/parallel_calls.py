"""A batch as one call per message, several at a time, for providers whose API takes no more."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic

from channels.providers.base import Message, Outcome, Result

# The caller holds its lease for 60 s: after 20 s no further message is begun, and at 40 s all waiting ends.
TRYING_SECONDS = 20.0
LIMIT_SECONDS = 40.0

_NOT_TRIED = Result(Outcome.THROTTLED, detail="Not tried: the batch took too long.", retry_after_seconds=0)
_NO_ANSWER = Result(Outcome.UNKNOWN, detail="There was no answer in time.")

# One message's result, and whether it would become of all others, too: nobody is there, the account is locked out.
Call = Callable[[Message], tuple[Result, bool]]


class ParallelCalls:
    """`count` threads that are kept from batch to batch."""

    def __init__(self, count: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)
        self.is_stuck = False  # threads still wait, which would be missing from the next batch

    def send(self, messages: Sequence[Message], call: Call) -> list[Result]:
        """What `call` makes of each message, in order, within LIMIT_SECONDS."""
        begun = monotonic()
        chunk = _Chunk(trying_until=begun + TRYING_SECONDS)
        futures = [self._threads.submit(chunk.try_message, message, call) for message in messages]
        self.is_stuck = True
        try:
            wait(futures, timeout=begun + LIMIT_SECONDS - monotonic())
        finally:
            # Whatever ends the waiting, nothing is begun after it.
            chunk.settled = chunk.settled or _NOT_TRIED
        results = [_result(future) for future in futures]
        self.is_stuck = not all(future.done() for future in futures)
        return results

    def close(self) -> None:
        self._threads.shutdown(wait=not self.is_stuck, cancel_futures=True)


class _Chunk:
    """What the messages of one batch share. `settled`, once known, is the result of every message not yet begun."""

    def __init__(self, trying_until: float) -> None:
        self.trying_until = trying_until
        self.settled: Result | None = None

    def try_message(self, message: Message, call: Call) -> Result:
        """One message, unless the answer to another has said what becomes of all that wait."""
        if self.settled is not None:
            return self.settled
        if monotonic() >= self.trying_until:
            return _NOT_TRIED
        result, concerns_all = call(message)
        if concerns_all:
            self.settled = self.settled or result
        return result


def _result(future: Future[Result]) -> Result:
    if future.cancel():
        return _NOT_TRIED
    return future.result() if future.done() else _NO_ANSWER
