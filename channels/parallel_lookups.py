"""Looks up many numbers by Twilio's Lookup, several at a time, while an HTTP client waits for the answer."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any

import structlog

from channels.lookup import LookUpError, NumberReport, ask_lookup
from channels.providers.base import Account

logger = structlog.get_logger(__name__)

CONCURRENCY = 16
# A thousand numbers at 200 ms each take 12.5 s. HTTP clients seldom wait longer than 30 s.
LIMIT_SECONDS = 20.0
# After this many failures in a row no more numbers are looked up: the account is refused, or the service is down.
MAX_FAILURES = 5


def look_up_numbers(
    account: Account, numbers: Collection[str], *, limit_seconds: float = LIMIT_SECONDS
) -> dict[str, NumberReport]:
    """Return the reports by number in E.164. A number that failed or took too long is missing. Never raises."""
    if not numbers:
        return {}
    try:
        batch = _LookupBatch(account, min(CONCURRENCY, len(numbers)))
    except Exception as error:
        logger.warning("lookup_failed", account=str(account.id), error=repr(error))
        return {}
    threads = ThreadPoolExecutor(batch.count, thread_name_prefix="lookup")
    with closing(batch):
        try:
            wait([threads.submit(batch.look_up, number) for number in numbers], timeout=limit_seconds)
        finally:
            batch.is_over = True
            # Requests that are still running end by their own timeouts.
            threads.shutdown(wait=False, cancel_futures=True)
        return dict(batch.reports)


class _LookupBatch:
    """State shared by the threads of one call."""

    def __init__(self, account: Account, count: int) -> None:
        from channels.providers.twilio.transport import open_client  # the SDK, for those who ask

        self.account = account
        self.count = count
        self.is_over = False
        self.reports: dict[str, NumberReport] = {}
        self._failures = 0  # in a row
        self._client: Any = open_client(account, pool_size=count)

    def look_up(self, number: str) -> None:
        if self.is_over or self._failures >= MAX_FAILURES:
            return
        try:
            self.reports[number] = ask_lookup(self._client, number, "line_type_intelligence")
            self._failures = 0
        except LookUpError as failed:
            self._failures += 1
            logger.warning("lookup_failed", account=str(self.account.id), code=failed.code, error=str(failed))

    def close(self) -> None:
        self._client.http_client.close()
