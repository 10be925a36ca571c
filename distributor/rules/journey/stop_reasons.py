"""Why the rest of a journey, or of its fallbacks, was stopped."""

from enum import StrEnum
from typing import Final


class StopReason(StrEnum):
    """What ends a waiting journey. The values are public: callers read them."""

    RESPONDED = "responded"
    OPTED_OUT = "opted_out"
    CANCELLED = "cancelled"
    ERASED = "erased"
    # These end only the fallbacks (rules/journey/chain.py). If the message fails after all, the chain continues.
    OPENED = "opened"
    DELIVERED = "delivered"

    @property
    def is_about_fallbacks(self) -> bool:
        return self in (StopReason.OPENED, StopReason.DELIVERED)


# Nothing is ever sent again in a journey that one of these has stopped.
FINAL_STOPS: Final = (StopReason.OPTED_OUT, StopReason.CANCELLED, StopReason.ERASED)
