import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from urllib.parse import unquote
from uuid import UUID

import pytest

from channels.providers.base import Account, Message, Provider
from channels.providers.smtp import connection as smtp_connection
from channels.providers.smtp import provider as smtp
from channels.providers.smtp import session as smtp_session
from channels.providers.smtp.provider import Smtp
from contacts.channel import Channel
from tests.contract.peer import Peer, Trouble
from tests.support.channels.invitations import invitation
from tests.support.channels.mail_server import DROP, SILENCE, MailServer

_REPLIES = {
    Trouble.REFUSED: ("RCPT", "550 5.1.1 No such user"),
    Trouble.THROTTLED: ("RCPT", "421 4.7.0 Too fast"),
    Trouble.BUSY: ("RCPT", "451 4.3.0 Later"),
    Trouble.RESET_BEFORE: ("RCPT", DROP),
    Trouble.RESET_AFTER: ("CONTENT", DROP),
    Trouble.SILENT: ("CONTENT", SILENCE),
}


class _MailServerPeer:
    """A mail server. Subclasses set the number of connections."""

    troubles = frozenset({*_REPLIES, Trouble.LOCKED_OUT, Trouble.CUT})
    connections: int

    @contextmanager
    def running(self) -> Generator[None]:
        with MailServer().running() as self._server:
            self.provider = self.provider_at(self._server.port)
            yield
            self.provider.close()

    def provider_at(self, port: int) -> Provider:
        configuration = {"host": "127.0.0.1", "port": port, "security": "none", "connections": self.connections}
        return Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration))

    def message(self, number: int, *, apart: bool = False) -> Message:
        return invitation(f"p{number}@example.com", number=number)

    def cause(self, trouble: Trouble, message: Message) -> None:
        if trouble in _REPLIES:
            stage, reply = _REPLIES[trouble]
            self._server.replies[stage, message.to] = reply
            return
        if trouble is Trouble.LOCKED_OUT:
            self._server.replies["GREETING", ""] = "554 No SMTP service for you"
        self._server.cut_connections()

    def mend(self) -> None:
        self._server.replies.clear()

    def taken(self) -> list[str]:
        headers = (re.search(rb"^Message-ID: <(.*)@", content, re.MULTILINE) for content in self._server.contents)
        return [unquote(header[1].decode()) for header in headers if header]

    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(smtp_connection, "READ_SECONDS", 0.2)

    def on_request(self, call: Callable[[], None]) -> None:
        self._server.on_content = call


class SmtpPeer(_MailServerPeer, Peer):
    """Uses one connection, so that the time of one message passes for all."""

    connections = 1
    clocks = (smtp, smtp_session, smtp_connection)


class ParallelSmtpPeer(_MailServerPeer, Peer):
    """Uses four connections, which are open from the start."""

    connections = 4

    @contextmanager
    def running(self) -> Generator[None]:
        with super().running():
            self._server.contents_at_once = 4
            self.provider.send_batch([self.message(number) for number in range(101, 121)])
            self._server.contents_at_once = 1
            self._server.mails.clear()
            yield
