"""Why the rest of a journey was called off."""

from enum import StrEnum


class StopReason(StrEnum):
    """What ends a journey that still waits. Stable: callers read them."""

    RESPONDED = "responded"
    OPTED_OUT = "opted_out"
    CANCELLED = "cancelled"
    ERASED = "erased"
