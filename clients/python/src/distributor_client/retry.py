"""When a call is made again, and after how long. Pure: the transport waits."""

import random
from dataclasses import dataclass
from typing import Any, Final

import httpx

from distributor_client.calls import Call
from distributor_client.errors import error_of, retry_after_seconds

# Another try of the same call is still at work.
IN_FLIGHT: Final = "idempotency_key_in_flight"
# A proxy's words for a server that is away. What was asked may have happened.
AWAY: Final = frozenset({502, 503, 504})


def was_never_sent(error: httpx.TransportError) -> bool:
    """Whether there was no connection, so that the server knows nothing of the call."""
    return isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently calls are made again. `tries` counts the first one; 1 means never again."""

    tries: int = 5
    first_delay_seconds: float = 0.5
    longest_delay_seconds: float = 60.0

    def delay_after_failure(self, call: Call[Any], tries: int, error: httpx.TransportError) -> float | None:
        """Return the seconds to wait after no answer came; None: give up."""
        return self._delay(tries) if was_never_sent(error) or call.is_repeatable else None

    def delay_after_answer(self, call: Call[Any], tries: int, response: httpx.Response) -> float | None:
        """Return the seconds to wait before the call is made again; None: the answer stands."""
        status = response.status_code
        wanted = retry_after_seconds(response)
        if status == 429 or (status in AWAY and call.is_repeatable):
            return self._delay(tries, wanted)
        if status == 409 and error_of(response).code == IN_FLIGHT:
            return self._delay(tries, wanted)
        return None

    def _delay(self, tries: int, wanted_seconds: float | None = None) -> float | None:
        if tries >= self.tries:
            return None
        if wanted_seconds is not None:
            # A pause until tomorrow is the caller's to plan.
            return wanted_seconds if wanted_seconds <= self.longest_delay_seconds else None
        doubled: float = self.first_delay_seconds * 2 ** (tries - 1)
        # Spread, so that many clients of one server do not come back together.
        return min(doubled, self.longest_delay_seconds) * random.uniform(0.5, 1.0)  # noqa: S311
