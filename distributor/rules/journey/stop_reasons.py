"""Why the rest of a journey, or of its fallbacks, was stopped."""

from enum import StrEnum


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
