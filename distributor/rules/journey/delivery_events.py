"""What a provider's event means for its attempt and its address.

Every kind of event has a meaning. An attempt keeps the maximum of its events' ranks, so that their order and repeats do
not matter.
"""

from dataclasses import dataclass
from enum import IntEnum


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
    """An event's effect on its attempt, and on its address: `suppresses` is the reason of a suppression, or ""."""

    progress: Progress = Progress.NONE
    trouble: Trouble = Trouble.NONE
    suppresses: str = ""


# By channels.events.EventKind. Most events prove that the provider had the message, which resolves an attempt of
# unknown outcome.
MEANINGS = {
    "sent": Meaning(Progress.SENT),
    "delivered": Meaning(Progress.DELIVERED),
    "opened": Meaning(Progress.OPENED),
    "clicked": Meaning(Progress.CLICKED),
    "delayed": Meaning(Progress.SENT, Trouble.DELAYED),
    "soft_bounced": Meaning(Progress.SENT, Trouble.UNDELIVERED),
    "hard_bounced": Meaning(Progress.SENT, Trouble.BOUNCED, suppresses="bounce"),
    "failed": Meaning(Progress.SENT, Trouble.UNDELIVERED),
    "dropped": Meaning(Progress.NONE, Trouble.DROPPED),
    # Complaining and unsubscribing prove that the message arrived.
    "complained": Meaning(Progress.DELIVERED, Trouble.COMPLAINED, suppresses="complaint"),
    "unsubscribed": Meaning(Progress.DELIVERED, suppresses="unsubscribe"),
    # Replies of STOP and START. Of several, the latest holds.
    "stopped": Meaning(suppresses="stop"),
    "started": Meaning(),
}
OPT_OUT_REQUESTS = ("stopped", "started")


def meaning_of(kind: str, *, is_machine: bool = False) -> Meaning:
    """Return what an event means. Opens and clicks by a machine, such as a virus scanner, only prove delivery."""
    meaning = MEANINGS[kind]
    if is_machine and meaning.progress > Progress.DELIVERED:
        return Meaning(Progress.DELIVERED)
    return meaning
