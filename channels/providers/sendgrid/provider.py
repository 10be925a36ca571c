"""E-mail by SendGrid's Web API v3: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.events import Webhook, WebhookAnswer
from channels.providers.base import Account, Message, Outcome, Provider, Result, Scope
from channels.providers.http_connections import NotConnected, NotSent
from channels.providers.mime import refuse_addresses
from channels.providers.sendgrid.answers import DETAIL_LENGTH, Answer, AnswerLostError, Verdict, judge
from channels.providers.sendgrid.events import load_key, read_events, verify
from channels.providers.sendgrid.mail import BODY_MAX_BYTES, Run, plan_runs
from channels.rendering import encode_subject
from contacts.channel import Channel

if TYPE_CHECKING:
    from channels.providers.sendgrid.transport import MailApi

BASE_URL = "https://api.sendgrid.com"
# The caller holds its lease for 60 s: after 30 s no further request is begun, and at 45 s all waiting ends.
TRYING_SECONDS = 30.0
LIMIT_SECONDS = 45.0

_BASE_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?|https?://\[[0-9a-f:]+\](:\d{1,5})?/?")
_API_KEY = re.compile(r"[!-~]+")
_NOT_TRIED = Result(Outcome.THROTTLED, detail="Not tried: the batch took too long.", retry_after_seconds=0)


class SendGrid(Provider):
    """One request for all messages of a batch that share a variant and a sender.

    Configuration, both optional: `baseUrl`, for a proxy or a region (`https://api.eu.sendgrid.com`), and
    `webhookPublicKey`, the verification key of the account's signed event webhook as SendGrid shows it. Without it
    no event is believed. Point the webhook at the account's own URL, with all events on and the signature enabled.
    """

    label = "SendGrid"
    channels = frozenset({Channel.EMAIL})
    batch_size = 1_000
    credential_names = ("api_key",)
    # Most events come within seconds; SendGrid holds some back while it is busy.
    evidence_window = timedelta(minutes=15)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._api: MailApi | None = None

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """A base URL that is none, a key that is none, and every name that is neither."""
        unknown = {name: value for name, value in configuration.items() if name not in _CHECKS}
        known = {name: value for name, value in configuration.items() if name in _CHECKS}
        faults = [_CHECKS[name][1] for name, value in known.items() if not _CHECKS[name][0](value)]
        return faults + super().configuration_faults(unknown)

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        begun = monotonic()
        fault = self._account_fault()
        if fault:
            return [fault] * len(messages)
        results = [_message_fault(message) for message in messages]
        sendable = {index: messages[index] for index, result in enumerate(results) if result is None}
        runs = deque(plan_runs(sendable))
        of_the_rest = _NOT_TRIED
        while runs and monotonic() - begun < TRYING_SECONDS:
            run = runs.popleft()
            verdict = self._send(run, begun)
            if verdict.result and verdict.ends_batch:
                of_the_rest = verdict.result
                break
            for position, letter in enumerate(run.letters):
                results[letter.index] = verdict.result or verdict.culprits.get(position)
            if not verdict.result:
                runs.extend(run.without(verdict.culprits))
        return [result or of_the_rest for result in results]

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        verify(webhook, self.account.configuration.get("webhookPublicKey"), now)
        return WebhookAnswer(read_events(webhook.body, now))

    def close(self) -> None:
        if self._api is not None:
            self._api.close()
            self._api = None

    def _send(self, run: Run, begun: float) -> Verdict:
        body = run.body
        if len(body) > BODY_MAX_BYTES:
            return _too_large(run)
        try:
            answer = self._post(body, begun)
        except NotSent as error:
            # Where there is no connection, the next request would wait for the same timeout.
            result = Result(Outcome.TRANSIENT, detail=_one_line(error))
            return Verdict(result, ends_batch=isinstance(error, NotConnected))
        except AnswerLostError as error:
            return Verdict(Result(Outcome.UNKNOWN, detail=_one_line(error)))
        return judge(answer, len(run.letters), time.time())

    def _post(self, body: bytes, begun: float) -> Answer:
        """One request, and a second when the first was cut off before it can have arrived.

        A connection that is reset now and then would make up to 1,000 people wait for half a minute.
        """
        api, limit = self._open(), begun + LIMIT_SECONDS
        try:
            return api.send(body, limit)
        except NotConnected:
            raise
        except NotSent:
            if monotonic() - begun >= TRYING_SECONDS:
                raise
            return api.send(body, limit)

    def _open(self) -> "MailApi":
        if self._api is None:
            from channels.providers.sendgrid.transport import MailApi

            base_url = self.account.configuration.get("baseUrl", BASE_URL).rstrip("/")
            self._api = MailApi(self.account.credentials["api_key"], base_url)
        return self._api

    def _account_fault(self) -> Result | None:
        faults = self.configuration_faults(self.account.configuration)
        # The package would take a missing key from the environment, and so send for somebody else.
        if not _API_KEY.fullmatch(self.account.credentials.get("api_key", "")):
            faults.append("The API key is missing or is none.")
        return Result(Outcome.PERMANENT, detail=" ".join(faults), scope=Scope.ACCOUNT) if faults else None


def _message_fault(message: Message) -> Result | None:
    """A refusal of what SendGrid is certain to refuse, or must not get: JSON can carry a line break into a header."""
    if (fault := refuse_addresses(message)) is not None:
        return fault
    if not message.subject:
        return Result(Outcome.PERMANENT, detail="The subject is empty.", scope=Scope.CONTENT)
    return None


def _too_large(run: Run) -> Verdict:
    if len(run.letters) > 1:
        return Verdict()
    return Verdict(Result(Outcome.PERMANENT, detail="The e-mail is larger than 30 MB.", scope=Scope.CONTENT))


def _one_line(error: Exception) -> str:
    return encode_subject(str(error))[:DETAIL_LENGTH]


def _is_base_url(value: object) -> bool:
    if not isinstance(value, str) or not _BASE_URL.fullmatch(value):
        return False
    try:
        port = urlsplit(value).port
    except ValueError:
        return False
    return port != 0


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "baseUrl": (_is_base_url, "“baseUrl” is the URL of an API: “https://api.sendgrid.com”, and no more than a path."),
    "webhookPublicKey": (
        lambda value: isinstance(value, str) and load_key(value) is not None,
        "“webhookPublicKey” is the verification key that SendGrid shows for the signed event webhook.",
    ),
}
