"""A real SMTP server (aiosmtpd) on a free port, which answers as its settings say, and counts."""
# ruff: noqa: N802  aiosmtpd finds its hooks by such names.

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DROP = "drop"  # instead of a reply, the connection is cut
SILENCE = "silence"  # no reply until the server stops


@dataclass
class MailServer:
    """The server's settings, and what it has counted.

    `replies` replace the usual ones, by stage and address. Stages: GREETING, MAIL, RCPT, DATA (the command), CONTENT
    (what follows it). DROP at MIDST cuts the connection after DATA was answered, before the content is read. A reply to
    a CONTENT waits until `contents_at_once` have arrived. Connections beyond `connections_max` are greeted with 421.
    """

    replies: dict[tuple[str, str], str] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    on_content: Callable[[], None] | None = None
    on_connection: Callable[[], None] | None = None
    closes_at_421: bool = True  # as RFC 5321 §3.8 requires
    contents_at_once: int = 1
    connections_max: int = 1_000

    port: int = 0
    connections: int = 0
    mail_commands: int = 0
    quits: int = 0
    mails: list[Envelope] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(init=False)
    transports: list[asyncio.Transport] = field(default_factory=list)
    awaited: list[asyncio.Event] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """The recipients of all mails, in order."""
        return [recipient for mail in self.mails for recipient in mail.rcpt_tos]

    @property
    def open_connections(self) -> int:
        return sum(not transport.is_closing() for transport in self.transports)

    async def wait_for_more(self) -> None:
        """Wait until `contents_at_once` mails wait here."""
        self.awaited.append(asyncio.Event())
        mine = self.awaited[-1]
        if len(self.awaited) >= self.contents_at_once:
            for event in self.awaited:
                event.set()
            self.awaited.clear()
        await mine.wait()

    @property
    def contents(self) -> list[bytes]:
        return [mail.original_content or b"" for mail in self.mails]

    @contextmanager
    def running(self) -> Generator["MailServer"]:
        self.loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self.loop.run_forever)
        thread.start()
        try:
            self._run(self._listen())
            yield self
        finally:
            self._run(self._end())
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join()
            self.loop.close()

    def cut_connections(self) -> None:
        """Close all open connections, as servers do with idle clients."""

        async def cut() -> None:
            for transport in self.transports:
                transport.abort()
            self.transports.clear()

        self._run(cut())

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _listen(self) -> None:
        self._listener = await self.loop.create_server(lambda: _Conversation(self), "127.0.0.1", 0, ssl=self.tls)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in self.transports:
            transport.abort()


class _Conversation(SMTP):
    """One connection."""

    def __init__(self, mail_server: MailServer) -> None:
        self.mail_server = mail_server
        self.has_greeted = False
        super().__init__(
            _Handler(),
            hostname="localhost",
            tls_context=mail_server.starttls,
            authenticator=_check_login if mail_server.login else None,
            auth_required=mail_server.login is not None,
            auth_require_tls=False,
            loop=mail_server.loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # With STARTTLS this is called twice per connection.
        self.mail_server.connections += self._original_transport is None
        assert isinstance(transport, asyncio.Transport)
        self.mail_server.transports.append(transport)
        if self.mail_server.on_connection:
            self.mail_server.on_connection()
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        if not self.has_greeted:
            self.has_greeted = True
            is_crowded = self.mail_server.open_connections > self.mail_server.connections_max
            status = await self.reply("GREETING", "", "421 4.7.0 Too many connections" if is_crowded else status)
        await super().push(status)
        if isinstance(status, str) and status.startswith("354") and self.envelope is not None:
            await self.reply("MIDST", self.envelope.rcpt_tos[0])

    async def smtp_DATA(self, arg: str) -> None:
        assert self.envelope is not None
        reply = await self.reply("DATA", self.envelope.rcpt_tos[0], "")
        if reply:
            await self.push(reply)
        else:
            await super().smtp_DATA(arg)

    async def reply(self, stage: str, address: str, otherwise: str = "250 OK") -> str:
        reply = self.mail_server.replies.get((stage, address), otherwise)
        assert isinstance(self.transport, asyncio.Transport)
        if reply == DROP:
            self.transport.abort()
        elif reply.startswith("421") and self.mail_server.closes_at_421:
            await super().push(reply)
            self.transport.close()
        elif reply != SILENCE:
            return reply
        # The loss of the connection cancels this.
        await asyncio.Event().wait()
        raise AssertionError


class _Handler:
    async def handle_MAIL(self, server: _Conversation, _: Session, mail: Envelope, address: str, *options: Any) -> str:
        server.mail_server.mail_commands += 1
        reply = await server.reply("MAIL", address)
        if reply.startswith("2"):
            mail.mail_from = address
        return reply

    async def handle_RCPT(self, server: _Conversation, _: Session, mail: Envelope, address: str, *options: Any) -> str:
        reply = await server.reply("RCPT", address)
        if reply.startswith("2"):
            mail.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: _Conversation, _: Session, mail: Envelope) -> str:
        server.mail_server.mails.append(mail)
        if server.mail_server.on_content:
            server.mail_server.on_content()
        await server.mail_server.wait_for_more()
        return await server.reply("CONTENT", mail.rcpt_tos[0])

    async def handle_QUIT(self, server: _Conversation, *_: Any) -> str:
        server.mail_server.quits += 1
        return "221 Bye"


def _check_login(server: SMTP, _: Session, mail: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    assert isinstance(server, _Conversation)
    is_right = (data.login.decode(), data.password.decode()) == server.mail_server.login
    return AuthResult(success=is_right, handled=is_right)
