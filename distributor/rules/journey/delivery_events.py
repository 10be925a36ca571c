"""What a provider's event means for its attempt and its address.

Every kind of event has a meaning. An attempt keeps the maximum of its events' ranks, so that their order and repeats do
not matter.
"""

from dataclasses import dataclass
from enum import IntEnum

from distributor.rules.consent import Signal


class Progress(IntEnum):
    """How far a message got. The highest rank counts."""

    NONE = 0
    SENT = 1
    DELIVERED = 2
    OPENED = 3
    CLICKED = 4


class Trouble(IntEnum):
    """What went wrong after the provider accepted a message. The highest rank counts.

    From UNDELIVERED on, the message has failed. A complaint ranks below, though it is graver: it proves delivery, and
    must not hide that another event reported the same attempt as failed.
    """

    NONE = 0
    DELAYED = 1
    COMPLAINED = 2
    UNDELIVERED = 3
    BOUNCED = 4
    DROPPED = 5

    @property
    def is_failure(self) -> bool:
        return self >= Trouble.UNDELIVERED


@dataclass(frozen=True, slots=True)
class Meaning:
    """An event's effect on its attempt. `bounces`: the address does not exist, so it is suppressed."""

    progress: Progress = Progress.NONE
    trouble: Trouble = Trouble.NONE
    bounces: bool = False


# By channels.events.EventKind. Most events prove that the provider had the message, which resolves an attempt of
# unknown outcome.
MEANINGS = {
    "sent": Meaning(Progress.SENT),
    "delivered": Meaning(Progress.DELIVERED),
    "opened": Meaning(Progress.OPENED),
    "clicked": Meaning(Progress.CLICKED),
    "delayed": Meaning(Progress.SENT, Trouble.DELAYED),
    "soft_bounced": Meaning(Progress.SENT, Trouble.UNDELIVERED),
    "hard_bounced": Meaning(Progress.SENT, Trouble.BOUNCED, bounces=True),
    "failed": Meaning(Progress.SENT, Trouble.UNDELIVERED),
    "dropped": Meaning(Progress.NONE, Trouble.DROPPED),
    # Complaining and unsubscribing prove that the message arrived.
    "complained": Meaning(Progress.DELIVERED, Trouble.COMPLAINED),
    "unsubscribed": Meaning(Progress.DELIVERED),
    # Replies of STOP and START. Of several, the latest holds.
    "stopped": Meaning(),
    "started": Meaning(),
    # Texts that say nothing about an attempt.
    "asked_help": Meaning(),
    "replied": Meaning(),
}
# Kinds of event that are a person's no (rules/consent.py).
SIGNALS = {"complained": Signal.COMPLAINT, "unsubscribed": Signal.PROVIDER_UNSUBSCRIBE}
OPT_OUT_REQUESTS = ("stopped", "started")
# Kinds of event that hold what a person wrote; none is about an attempt.
REPLY = "replied"
INBOUND_TEXTS = (REPLY, "asked_help")


def meaning_of(kind: str, *, is_machine: bool = False) -> Meaning:
    """Return what an event means. Opens and clicks by a machine, such as a virus scanner, only prove delivery."""
    meaning = MEANINGS[kind]
    if is_machine and meaning.progress > Progress.DELIVERED:
        return Meaning(Progress.DELIVERED)
    return meaning
