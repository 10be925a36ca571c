"""The types of outgoing events: what callers are told about, by their public names."""

from enum import StrEnum
from typing import Final

# The version of the schema of events. A new field does not change it; a changed or removed one does.
SCHEMA_VERSION: Final = 1


class EventType(StrEnum):
    """The values are public: callers filter by them. Those of recipients come in any order that journeys take."""

    ACCEPTED = "recipient.accepted"
    SKIPPED = "recipient.skipped"
    SENT = "recipient.sent"
    DELIVERED = "recipient.delivered"
    OPENED = "recipient.opened"
    CLICKED = "recipient.clicked"
    FAILED = "recipient.failed"
    INDETERMINATE = "recipient.indeterminate"
    BOUNCED = "recipient.bounced"
    COMPLAINED = "recipient.complained"
    OPTED_OUT = "recipient.opted_out"
    RESPONDED = "recipient.responded"
    STOPPED = "recipient.stopped"
    DISTRIBUTION_COMPLETED = "distribution.completed"
    PROVIDER_UNREACHABLE = "provider.unreachable"
    PROVIDER_MENDED = "provider.mended"
    IMPORT_FINISHED = "import.finished"
    # Sent to an endpoint on request, to try it. It is in no stream.
    PING = "ping"


DESCRIPTIONS: Final[dict[EventType, str]] = {
    EventType.ACCEPTED: "A contact became a recipient of a distribution.",
    EventType.SKIPPED: "A contact was left out of a distribution, for `reason`.",
    EventType.SENT: "A provider accepted a message.",
    EventType.DELIVERED: "A provider reported that a message was delivered.",
    EventType.OPENED: "A recipient opened a message or the link for the first time.",
    EventType.CLICKED: "A provider reported the first click in a message.",
    EventType.FAILED: "A recipient's journey ended without a message that counts as sent.",
    EventType.INDETERMINATE: "A journey ended, and nobody can say whether its message was sent.",
    EventType.BOUNCED: "A provider reported that an accepted message was not delivered.",
    EventType.COMPLAINED: "A recipient reported a message as spam.",
    EventType.OPTED_OUT: "A person said no, by `signal`. `channel` is null if it was said elsewhere.",
    EventType.RESPONDED: "A recipient responded. Responses through anonymous links make no event.",
    EventType.STOPPED: "A recipient's journey was stopped before anything was sent, for `reason`.",
    EventType.DISTRIBUTION_COMPLETED: "No recipient of a distribution is waiting any more. A thank-you, a manual "
    "retry or a correction may reopen it, and then it is completed again.",
    EventType.PROVIDER_UNREACHABLE: "A provider account stopped working. Its `health` says why.",
    EventType.PROVIDER_MENDED: "A provider account works again.",
    EventType.IMPORT_FINISHED: "An import of contacts has ended.",
    EventType.PING: "A test, sent on request.",
}
# What endpoints and readers can ask for.
STREAMED: Final = tuple(kind for kind in EventType if kind is not EventType.PING)
