"""One row at work: accepts recipients, notes when the fault ends, waits until everybody's journey has ended, judges."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.chaos.checker import Verdict, count_unfinished, judge, read_journeys
from tests.chaos.outside.caller import Caller, Promise
from tests.chaos.outside.ledger import Taken, read_ledger
from tests.chaos.registry import Row
from tests.chaos.stack import Stack
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN

POLL_SECONDS = 0.2
# A late second copy would arrive within this time after the last journey's end.
LATE_SECONDS = 1.0
_numbers = iter(range(1, 1_000_000))


class Trial:
    """`row` on a stack. `notes` go into the table's last column, `faults` are what a row's own checks found.

    `expected`: outcomes other than "sent", by address ("" for people who are stopped). `messages_each`: how many
    messages everybody gets.
    """

    def __init__(self, row: Row, stack: Stack, *, is_short: bool) -> None:
        self.row = row
        self.stack = stack
        self.is_short = is_short
        self.caller = Caller(stack.port, stack.api_key)
        self.notes: list[str] = []
        self.faults: list[str] = []
        self.messages_each = 1
        self.expected: dict[str, str] = {}
        self.fault_ended_at: float | None = None
        # A row may be played again on the same stack, with a mutant.
        self.word = f"{re.sub(r'[^a-zA-Z0-9]+', '-', row.name).strip('-')}-{next(_numbers)}"
        self._accounts: dict[str, str] = {}
        self._templates: dict[str, str] = {}
        self._survey = ""

    # Accepting

    def accept(
        self, count: int, *, by: str = "relay", call_size: int = 300, callers: int = 2, **further: Any
    ) -> list[Promise]:
        """Accept people in calls of `call_size`, by several callers at once. Returns the promises."""
        people = self.people(count, by)
        calls = [people[start : start + call_size] for start in range(0, count, call_size)]
        self.account(by)
        step = self.step(by)
        with ThreadPoolExecutor(callers) as pool:
            return list(pool.map(lambda call: self.caller.accept(self.survey, [step], call, **further), calls))

    def people(self, count: int, by: str = "relay") -> list[dict[str, Any]]:
        """Return new contacts with an e-mail address, or with a phone number if they are sent to by Twilio."""
        found = []
        for _ in range(count):
            number = next(_numbers)
            address = (
                {"phone": f"+48600{number:06d}"}
                if by == "twilio"
                else {"email": f"{self.word}-{number}@people.example"}
            )
            found.append({"externalId": f"{self.word}-{number}", "firstName": "Ann", **address})
        return found

    @property
    def survey(self) -> str:
        self._survey = self._survey or self.caller.ask("POST", "surveys", {"name": self.row.name})["id"]
        return self._survey

    def step(self, *kinds: str, **further: Any) -> dict[str, Any]:
        """Return a step by these accounts, each a stand-in for those before it."""
        channel = _channel(kinds[0])
        if channel not in self._templates:
            variant = {"text": "Hello ${contact:firstName}: ${link}"}
            if channel == "email":
                variant |= {"subject": "${survey:name}", "html": '<a href="${link}">Answer</a>'}
                variant["text"] += "\n${unsubscribe}"
            body = {"name": self.row.name, "channel": channel, "variants": {"en": variant}}
            self._templates[channel] = self.caller.ask("POST", "templates", body)["id"]
        accounts = [self.account(kind) for kind in kinds]
        return {"channel": channel, "providerIds": accounts, "templateId": self._templates[channel], **further}

    def account(self, kind: str, **further: Any) -> str:
        """Return the id of this row's account of a kind: "relay", "sendgrid" or "twilio"."""
        if kind not in self._accounts:
            port = self.stack.ways[kind].port
            url = f"http://127.0.0.1:{port}"
            settings: Mapping[str, dict[str, Any]] = {
                "relay": {
                    "kind": "smtp",
                    "configuration": {"host": "127.0.0.1", "port": port, "security": "none"},
                },
                "tls_relay": {
                    "kind": "smtp",
                    "configuration": {"host": "localhost", "port": port, "security": "starttls"},
                },
                "sendgrid": {
                    "kind": "sendgrid",
                    "configuration": {"baseUrl": url, "webhookPublicKey": self.stack.providers.webhook_key},
                    "credentials": {"api_key": API_KEY},
                },
                "twilio": {
                    "kind": "twilio",
                    "configuration": {"from": "+15005550006", "baseUrl": url, "lookupsBaseUrl": url},
                    "credentials": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
                },
            }
            sender = {"fromEmail": "surveys@acme.example"} if _channel(kind) == "email" else {}
            body = {
                "name": f"{self.row.name}: {kind}",
                "channel": _channel(kind),
                **sender,
                **settings[kind],
                **further,
            }
            self._accounts[kind] = self.caller.ask("POST", "providers", body)["id"]
        return self._accounts[kind]

    # Waiting

    @contextmanager
    def fault(self) -> Iterator[None]:
        """Note the moment at which the block, and with it the fault, ends."""
        yield
        self.fault_ended_at = time.time()

    @property
    def taken(self) -> list[Taken]:
        """What the providers have taken for this row's people so far, and for nobody of another row's."""
        own = {address for promise in self.caller.promises for address in (*promise.addresses, *promise.refused)}
        own |= self.caller.in_doubt
        named = re.compile(rf"{re.escape(self.word)}-\d+@")
        return [taken for taken in read_ledger(self.stack.ledger) if taken.to in own or named.match(taken.to)]

    @property
    def is_recovering(self) -> bool:
        """Whether the product has found that its database forgot something, and holds everything back."""
        with self.stack.servers.connect() as connection:
            row = connection.execute("SELECT recovering_since IS NOT NULL FROM distributor_installation").fetchone()
        return bool(row and row[0])

    def wait_for_messages(self, count: int, limit_seconds: float = 60.0) -> None:
        """Return once the providers have taken so many messages."""
        self.wait_until(lambda: len(self.taken) >= count, f"{count} messages", limit_seconds)

    def wait_until(self, condition: Callable[[], object], what: str, limit_seconds: float = 60.0) -> None:
        deadline = time.monotonic() + limit_seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.row.name}: no {what} within {limit_seconds:.0f} s")
            time.sleep(0.05)

    def skip_leases(self) -> None:
        """Let the leases of dead workers run out at once, instead of after 60 s. No worker may be at work."""
        self.stack.expire_leases()

    def require(self, holds: object, otherwise: str) -> None:
        """Let the row fail, with this sentence, unless a check of its own holds."""
        if not holds:
            self.faults.append(otherwise)

    def report(self, webhooks: Sequence[Mapping[str, Any]]) -> None:
        """Post SendGrid's webhooks, each repeated until it is answered. The row fails unless every answer is 2xx."""
        path = f"/webhooks/{self.account('sendgrid')}"
        for webhook in webhooks:
            status = self.caller.post_webhook(path, webhook)
            self.require(200 <= status < 300, f"a webhook was answered {status}")

    @contextmanager
    def accepting(self, count: int, **further: Any) -> Iterator[None]:
        """Accept people while the block runs, by two callers that repeat what is not answered."""
        self.account(further.get("by", "relay"))
        self.step(further.get("by", "relay"))
        assert self.survey
        with ThreadPoolExecutor(1) as pool:
            accepting = pool.submit(self.accept, count, **further)
            yield
            accepting.result()

    def sleep(self, seconds: float, short_seconds: float | None = None) -> None:
        time.sleep(short_seconds if self.is_short and short_seconds is not None else seconds)

    # Judging

    def drain(self) -> None:
        """Wait until every journey has ended, or the row's limit is over. The checker says what is missing then."""
        deadline = time.monotonic() + self.row.limit_seconds
        while time.monotonic() < deadline:
            try:
                self.stack.end_evidence_windows()
                with self.stack.servers.connect() as connection:
                    if not count_unfinished(connection, self.caller.promises):
                        break
            except psycopg.OperationalError:
                pass  # PostgreSQL recovers.
            time.sleep(POLL_SECONDS)
        time.sleep(LATE_SECONDS)

    def judge(self) -> Verdict:
        with self.stack.servers.connect() as connection:
            journeys, risks = read_journeys(connection, self.caller.promises)
        return judge(
            self.caller.promises,
            self.taken,
            journeys,
            risks,
            fault_ended_at=self.fault_ended_at,
            expected=self.expected,
            messages_each=self.messages_each,
            in_doubt=self.caller.in_doubt,
        )

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[object, ...]]:
        """Return the rows of a query on the product's database, for a row's own check."""
        with self.stack.servers.connect() as connection:
            return connection.execute(statement, list(parameters)).fetchall()


def _channel(kind: str) -> str:
    return "sms" if kind == "twilio" else "email"
