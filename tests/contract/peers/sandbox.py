from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from channels.models import SandboxMessage
from channels.providers.base import Account, Message
from channels.providers.sandbox import Sandbox
from contacts.channel import Channel
from tests.contract.peer import Peer, Trouble
from tests.support.channels.invitations import invitation

_OUTCOMES = {
    Trouble.REFUSED: "permanent",
    Trouble.BUSY: "transient",
    Trouble.THROTTLED: "throttled",
    Trouble.LOST_ANSWER: "unknown",
}


class SandboxPeer(Peer):
    """The sandbox needs no other side: it stores messages in a table."""

    troubles = frozenset(_OUTCOMES)
    needs_database = True
    has_address = False

    @contextmanager
    def running(self) -> Generator[None]:
        self._failures: dict[str, str] = {}
        configuration = {"failAddresses": self._failures}
        self.provider = Sandbox(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration))
        yield

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"p{number}@example.com", number=number)

    def cause(self, trouble: Trouble, message: Message) -> None:
        self._failures[message.to] = _OUTCOMES[trouble]

    def mend(self) -> None:
        self._failures.clear()

    def taken(self) -> list[str]:
        return list(SandboxMessage.objects.values_list("attempt_id", flat=True))
