"""Why the rest of a journey, or of its chain, was called off."""

from enum import StrEnum


class StopReason(StrEnum):
    """What ends a journey that still waits. Stable: callers read them."""

    RESPONDED = "responded"
    OPTED_OUT = "opted_out"
    CANCELLED = "cancelled"
    ERASED = "erased"
    # These end the fallbacks alone (rules/journey/chain.py): should the message fail after all, the chain goes on.
    OPENED = "opened"
    DELIVERED = "delivered"

    @property
    def is_about_fallbacks(self) -> bool:
        return self in (StopReason.OPENED, StopReason.DELIVERED)
