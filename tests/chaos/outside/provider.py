"""`python -m tests.chaos.outside.provider LEDGER`: SendGrid, Twilio and an SMTP relay in a process of their own.

Each message is in the ledger before it is answered. The first line of output has the ports and keys as JSON; afterwards
`POST /` on the control port scripts what the providers do next (outside/provider_client.py).
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

from tests.chaos.outside.certificates import Certificates
from tests.chaos.outside.gzip_bomb import make_gzip_bomb
from tests.chaos.outside.ledger import Ledger
from tests.support.channels.mail_server import MailServer
from tests.support.standins.sendgrid import SendGridStandIn
from tests.support.standins.server import Answer, Fault, Request
from tests.support.standins.twilio import TwilioStandIn


class LedgerSendGrid(SendGridStandIn):
    """Writes each request's messages to the ledger. `strange` replaces its answers: "garbage" or "gzip_bomb"."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self.strange = ""

    def take(self, request: Request) -> Answer:
        before = len(self._taken)
        answer = super().take(request)
        taken = [
            (to["to"][0]["email"], to.get("custom_args", {}).get("attempt_id", "")) for *_, to in self._taken[before:]
        ]
        if taken:
            self._ledger.append("sendgrid", taken)
        return _strange_answer(self.strange) or answer


class LedgerTwilio(TwilioStandIn):
    """Writes each message to the ledger. `refuse_code`: Twilio's error number for every message; 0: none."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self.strange = ""
        self.refuse_code = 0

    def _create(self, form: Mapping[str, str]) -> Answer:
        return self.refuse(self.refuse_code) if self.refuse_code else super()._create(form)

    def take(self, request: Request) -> Answer:
        before = len(self.messages)
        answer = super().take(request)
        if taken := [(sent.to, sent.attempt_id) for sent in self.messages[before:]]:
            self._ledger.append("twilio", taken)
        return _strange_answer(self.strange) or answer


class Replies(dict[tuple[str, str], str]):
    """Replies by stage and address, or by stage for everybody (address "*")."""

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        return super().get(key, super().get((key[0], "*"), default))


class LedgerMailServer(MailServer):
    """An SMTP relay that writes each mail to the ledger before it replies to its content."""

    latency_seconds = 0.0
    ledger: Ledger

    async def wait_for_more(self) -> None:
        mail = self.mails[-1]
        self.ledger.append("smtp", [(recipient, "") for recipient in mail.rcpt_tos])
        await asyncio.sleep(self.latency_seconds)


def _strange_answer(strange: str) -> Answer | None:
    if strange == "garbage":
        return Answer(299, Random(1).randbytes(5_000), {"Content-Type": "application/json"})
    if strange == "gzip_bomb":
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return Answer(500, make_gzip_bomb(), headers)
    return None


class Providers:
    """All providers of the process, and the orders they obey."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.sendgrid = LedgerSendGrid(ledger)
        self.twilio = LedgerTwilio(ledger)
        self.certificates = Certificates(folder)
        self.relay = LedgerMailServer(replies=Replies())
        self.tls_relay = LedgerMailServer(replies=Replies(), starttls=self.certificates.context)
        self.relay.ledger = self.tls_relay.ledger = ledger

    def obey(self, order: dict[str, Any]) -> Any:
        """Carry out one order: `reset`, `script` or `webhooks`."""
        match order.pop("do"):
            case "reset":
                for peer in (self.sendgrid, self.twilio):
                    peer.shares, peer.latency_seconds, peer.strange = {}, 0.0, ""
                self.twilio.refuse_code = 0
                for relay in (self.relay, self.tls_relay):
                    relay.latency_seconds = 0.0
                    relay.replies.clear()
                self.certificates.use("trusted")
            case "script":
                self._script(**order)
            case "webhooks":
                return self._webhooks(**order)
        return None

    def _script(
        self,
        *,
        provider: str,
        latency_seconds: float | None = None,
        fault: str | None = None,
        share: float = 1.0,
        strange: str | None = None,
        refuse_code: int | None = None,
        replies: dict[str, str] | None = None,
        certificate: str = "",
    ) -> None:
        peer: Any = getattr(self, provider)
        if latency_seconds is not None:
            peer.latency_seconds = latency_seconds
        if fault is not None:
            peer.shares = {Fault(fault): share}
        if strange is not None:
            peer.strange = strange
        if refuse_code is not None:
            peer.refuse_code = refuse_code
        if certificate:
            self.certificates.use(certificate)
        for stage, reply in (replies or {}).items():
            peer.replies[stage, "*"] = reply

    def _webhooks(self, *, event: str, to: list[str], further: dict[str, Any]) -> list[dict[str, Any]]:
        """Return one signed request of SendGrid's for each mail taken for these addresses."""
        now, wanted = time.time(), set(to)
        with self.sendgrid.lock:
            mails = [mail for mail in self.sendgrid.mails if mail.to in wanted]
            webhooks = [
                self.sendgrid.webhook([self.sendgrid.event(mail, event, now, **further)], now) for mail in mails
            ]
        return [{"headers": dict(webhook.headers), "body": webhook.body.decode()} for webhook in webhooks]


def main(ledger_file: Path) -> None:
    providers = Providers(Ledger(ledger_file), ledger_file.parent)

    class Control(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            order = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = json.dumps(providers.obey(order)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ExitStack() as stack:
        for peer in (providers.sendgrid, providers.twilio, providers.relay, providers.tls_relay):
            stack.enter_context(peer.running())
        control = ThreadingHTTPServer(("127.0.0.1", 0), Control)
        ports = {
            "sendgrid": int(providers.sendgrid.url.rpartition(":")[2]),
            "twilio": int(providers.twilio.url.rpartition(":")[2]),
            "relay": providers.relay.port,
            "tls_relay": providers.tls_relay.port,
            "control": control.server_address[1],
        }
        print(json.dumps({"ports": ports, "webhook_key": providers.sendgrid.public_key}), flush=True)
        control.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
