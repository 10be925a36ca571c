"""E-mail by SendGrid's Web API v3: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from channels.events import Webhook, WebhookAnswer
from channels.providers.base import (
    NOT_TRIED,
    Account,
    Message,
    Outcome,
    Provider,
    Result,
    Scope,
    describe_error,
    one_line,
)
from channels.providers.configuration import (
    ConfigurationFault,
    Setting,
    base_url_faults,
    is_base_url,
)
from channels.providers.http_connections import NotConnectedError, NotSentError, result_of_unsent
from channels.providers.mime import refuse_addresses
from channels.providers.sendgrid.answers import Answer, AnswerLostError, Verdict, judge
from channels.providers.sendgrid.events import load_key, read_events, verify
from channels.providers.sendgrid.mail import BODY_MAX_BYTES, MailRequest, plan_requests
from contacts.channel import Channel

if TYPE_CHECKING:
    from channels.providers.sendgrid.transport import MailApi

BASE_URL = "https://api.sendgrid.com"
# The caller's lease is 60 s. After 30 s no further request is started, and after 45 s all waiting ends.
START_SECONDS = 30.0
LIMIT_SECONDS = 45.0

_API_KEY = re.compile(r"[!-~]+")
_SETTINGS = {
    "baseUrl": Setting(
        "Base URL",
        f"Another URL of the API, for a region (https://api.eu.sendgrid.com) or a proxy. Empty: {BASE_URL}.",
        is_base_url,
        f"“baseUrl” must be the URL of the API, for example {BASE_URL}.",
    ),
    "webhookPublicKey": Setting(
        "Webhook's public key",
        "The verification key that SendGrid shows for the signed event webhook. Without it all events are refused."
        " Point the webhook at the account's webhook address, with all events and the signature switched on.",
        lambda value: isinstance(value, str) and load_key(value) is not None,
        "“webhookPublicKey” must be the verification key that SendGrid shows for the signed event webhook.",
    ),
}


class SendGrid(Provider):
    """One request for all messages of a batch that share a variant and a sender.

    Credentials: `api_key`.
    """

    label = "SendGrid"
    channels = frozenset({Channel.EMAIL})
    batch_size = 1_000
    settings = _SETTINGS
    credential_names = ("api_key",)
    address_fields = frozenset({"baseUrl"})
    # Most events arrive within seconds; SendGrid delays some while it is busy.
    evidence_window = timedelta(minutes=15)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._api: MailApi | None = None

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        return super().configuration_faults(configuration) + base_url_faults(configuration, ("baseUrl",))

    def account_faults(self) -> list[str]:
        faults = super().account_faults()
        # With a missing key the package would use one from the environment, and so another account.
        if not _API_KEY.fullmatch(self.account.credentials.get("api_key", "")):
            faults.append("The api_key is missing or contains spaces or special characters.")
        return faults

    def refuse_message(self, message: Message) -> Result | None:
        """Refuse what SendGrid would refuse, and line breaks in addresses, which JSON would carry into headers."""
        if (refusal := refuse_addresses(message)) is not None:
            return refusal
        if not message.subject:
            return Result(Outcome.PERMANENT, detail="The subject is empty.", scope=Scope.CONTENT)
        return None

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        started_at = monotonic()
        results: list[Result | None] = [None] * len(messages)
        requests = deque(plan_requests(messages))
        result_of_rest = NOT_TRIED
        while requests and monotonic() - started_at < START_SECONDS:
            request = requests.popleft()
            verdict = self._send(request, started_at)
            if verdict.result and verdict.ends_batch:
                result_of_rest = verdict.result
                break
            for position, member in enumerate(request.messages):
                results[member.index] = verdict.result or verdict.culprits.get(position)
            if not verdict.result:
                requests.extend(request.without(verdict.culprits))
        return [result or result_of_rest for result in results]

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        verify(webhook, self.account.configuration.get("webhookPublicKey"), now)
        return WebhookAnswer(read_events(webhook.body, now))

    def test_connection(self) -> Result:
        if faults := self.account_faults():
            return Result(Outcome.PERMANENT, detail=one_line(" ".join(faults)), scope=Scope.ACCOUNT)
        try:
            answer = self._open().read_scopes(monotonic() + LIMIT_SECONDS)
        except NotSentError as error:
            return result_of_unsent(error)
        except AnswerLostError as error:
            return Result(Outcome.TRANSIENT, detail=describe_error(error), scope=Scope.ROUTE)
        if answer.status == 200:
            return Result(Outcome.ACCEPTED, code="200", detail="SendGrid knows the API key.")
        return judge(answer, 1, time.time()).result or NOT_TRIED

    def close(self) -> None:
        if self._api is not None:
            self._api.close()
            self._api = None

    def _send(self, request: MailRequest, started_at: float) -> Verdict:
        body = request.body
        if len(body) > BODY_MAX_BYTES:
            return _refuse_large(request)
        try:
            answer = self._post(body, started_at)
        except NotSentError as error:
            # Without a connection, the next request would wait for the same timeout.
            return Verdict(result_of_unsent(error), ends_batch=isinstance(error, NotConnectedError))
        except AnswerLostError as error:
            return Verdict(Result(Outcome.UNKNOWN, detail=describe_error(error), scope=Scope.ROUTE))
        return judge(answer, len(request.messages), time.time())

    def _post(self, body: bytes, started_at: float) -> Answer:
        """Make one request, and a second one if the first was cut off before it can have arrived.

        Otherwise one connection reset would make up to 1,000 recipients wait for half a minute.
        """
        api, limit = self._open(), started_at + LIMIT_SECONDS
        try:
            return api.send(body, limit)
        except NotConnectedError:
            raise
        except NotSentError:
            if monotonic() - started_at >= START_SECONDS:
                raise
            return api.send(body, limit)

    def _open(self) -> "MailApi":
        if self._api is None:
            from channels.providers.sendgrid.transport import MailApi

            base_url = self.account.configuration.get("baseUrl", BASE_URL).rstrip("/")
            self._api = MailApi(self.account.credentials["api_key"], base_url)
        return self._api


def _refuse_large(request: MailRequest) -> Verdict:
    if len(request.messages) > 1:
        return Verdict()
    return Verdict(Result(Outcome.PERMANENT, detail="The e-mail is larger than 30 MB.", scope=Scope.CONTENT))
