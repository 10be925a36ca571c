"""What a person's no closes. One table: every signal, and how far it reaches beyond the journeys that wait.

Every signal stops all waiting journeys of the person at the organisation. Beyond that it closes:

| signal | closes |
|---|---|
| STOP by SMS or WhatsApp, or the provider's refusal of a stopped number | the organisation's `stop_closes` |
| a spam complaint | the organisation's `complaint_closes` |
| an unsubscribe at the provider, on our page, or by one click | everything |
| an opt-out that an API call or an operator reports | everything |

“The channel” means the address that was written to: an e-mail address, or a phone number for SMS and WhatsApp alike.
“Everything” means the person: every channel, and every address of theirs, whoever else is known by it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Signal(StrEnum):
    """How a no was said. Stable: stored with each consent event."""

    STOP = "stop"
    COMPLAINT = "complaint"
    PROVIDER_UNSUBSCRIBE = "provider_unsubscribe"
    PAGE_UNSUBSCRIBE = "page_unsubscribe"
    REPORTED_OPT_OUT = "reported_opt_out"

    @property
    def is_by_the_person(self) -> bool:
        """Whether the person said it themselves. Then nobody else lifts it."""
        return self is not Signal.REPORTED_OPT_OUT


class Lift(StrEnum):
    """How a no was taken back. Stable: stored with each consent event."""

    START = "start"  # the person texted START
    OPT_IN = "opt_in"  # an API call or an operator reports it


class Closes(StrEnum):
    """How far a signal reaches. Stable: an organisation's settings store it."""

    CHANNEL = "channel"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class ConsentSettings:
    """What an organisation chooses."""

    stop_closes: Closes = Closes.EVERYTHING
    complaint_closes: Closes = Closes.EVERYTHING


# The suppression's reason that each signal leaves on the addresses it closes.
SUPPRESSION_REASONS: Final = {
    Signal.STOP: "stop",
    Signal.COMPLAINT: "complaint",
    Signal.PROVIDER_UNSUBSCRIBE: "unsubscribe",
    Signal.PAGE_UNSUBSCRIBE: "unsubscribe",
    Signal.REPORTED_OPT_OUT: "unsubscribe",
}
# Suppressions that only the person lifts: STOP by texting START, a complaint by asking for mail again.
LIFTED_BY_THE_PERSON_ONLY: Final = frozenset({"stop", "complaint"})


def closes(signal: Signal, settings: ConsentSettings) -> Closes:
    """Return how far a signal reaches."""
    match signal:
        case Signal.STOP:
            return settings.stop_closes
        case Signal.COMPLAINT:
            return settings.complaint_closes
        case Signal.PROVIDER_UNSUBSCRIBE | Signal.PAGE_UNSUBSCRIBE | Signal.REPORTED_OPT_OUT:
            return Closes.EVERYTHING
