"""What a provider's event means: pure, total over every kind, and the same in whatever order events arrive."""

from dataclasses import dataclass
from enum import IntEnum


class Progress(IntEnum):
    """How far a message got. Folded by maximum."""

    NONE = 0
    SENT = 1
    DELIVERED = 2
    OPENED = 3
    CLICKED = 4


class Trouble(IntEnum):
    """What went wrong after the provider took it. Folded by maximum.

    From UNDELIVERED on the message has failed. A complaint comes before, though it is graver: who complains has got
    the message, and must not hide from the fold that the same try failed.
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
    """An event's effect on its try, and on its address: `suppresses` is a suppression's reason."""

    progress: Progress = Progress.NONE
    trouble: Trouble = Trouble.NONE
    suppresses: str = ""


# By channels.events.EventKind. Whatever is told of a message proves that the provider had it: only a try of unknown
# outcome cares.
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
    # Somebody complains or unsubscribes because the message arrived.
    "complained": Meaning(Progress.DELIVERED, Trouble.COMPLAINED, suppresses="complaint"),
    "unsubscribed": Meaning(Progress.DELIVERED, suppresses="unsubscribe"),
    # What a person wishes from now on; of STOP and START the later one holds.
    "stopped": Meaning(suppresses="stop"),
    "started": Meaning(),
}
WISHES = ("stopped", "started")


def meaning_of(kind: str, *, is_machine: bool = False) -> Meaning:
    """What an event means. A scanner that opens or clicks proves delivery and nothing else."""
    meaning = MEANINGS[kind]
    if is_machine and meaning.progress > Progress.DELIVERED:
        return Meaning(Progress.DELIVERED)
    return meaning
