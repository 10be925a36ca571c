"""Many numbers at Twilio's Lookup, several at a time, for somebody who waits for the answer."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any

import structlog

from channels.lookup import LookUpError, NumberReport, ask_lookup
from channels.providers.base import Account

logger = structlog.get_logger(__name__)

CONCURRENCY = 16
# A thousand numbers at 200 ms each are 12.5 s. Who waits for an answer of HTTP seldom waits longer than 30.
LIMIT_SECONDS = 20.0
# As many failures in a row and nobody is asked any more: the account is refused, or the service is down.
MAX_FAILURES = 5


def look_up_numbers(
    account: Account, numbers: Collection[str], *, limit_seconds: float = LIMIT_SECONDS
) -> dict[str, NumberReport]:
    """What Lookup v2 tells, by number in E.164; who is missing could not be asked in time. Never raises."""
    if not numbers:
        return {}
    try:
        asking = _Asking(account, min(CONCURRENCY, len(numbers)))
    except Exception as error:
        logger.warning("lookup_failed", account=str(account.id), error=repr(error))
        return {}
    threads = ThreadPoolExecutor(asking.count, thread_name_prefix="lookup")
    with closing(asking):
        try:
            wait([threads.submit(asking.ask, number) for number in numbers], timeout=limit_seconds)
        finally:
            asking.is_over = True
            # Nobody waits for requests that are still under way: they end by their own timeouts.
            threads.shutdown(wait=False, cancel_futures=True)
        return dict(asking.told)


class _Asking:
    """What the threads of one call share."""

    def __init__(self, account: Account, count: int) -> None:
        from channels.providers.twilio.transport import open_client  # the SDK, for those who ask

        self.account = account
        self.count = count
        self.is_over = False
        self.told: dict[str, NumberReport] = {}
        self._failures = 0  # in a row
        self._client: Any = open_client(account, pool_size=count)

    def ask(self, number: str) -> None:
        if self.is_over or self._failures >= MAX_FAILURES:
            return
        try:
            self.told[number] = ask_lookup(self._client, number, "line_type_intelligence")
            self._failures = 0
        except LookUpError as failed:
            self._failures += 1
            logger.warning("lookup_failed", account=str(self.account.id), code=failed.code, error=str(failed))

    def close(self) -> None:
        self._client.http_client.close()
