"""SMS and WhatsApp by Twilio (https://www.twilio.com/docs/messaging/api/message-resource)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.events import Webhook, WebhookAnswer
from channels.providers.base import Account, Message, Outcome, Provider, Result, Scope
from channels.providers.parallel_calls import ParallelCalls
from channels.providers.twilio import configuration as twilio_configuration
from channels.providers.twilio.codes import read_refusal
from channels.providers.twilio.events import read_webhook, status_callback_url
from channels.rendering import encode_subject
from contacts.channel import Channel

if TYPE_CHECKING:
    from channels.providers.twilio.transport import PooledHttpClient, Refused

DETAIL_LENGTH = 500


class Twilio(Provider):
    """One request per message, `concurrency` at a time.

    Configuration, where `from` or `messagingServiceSid` is needed and everything else optional:

    `from`: a number in E.164; for SMS also a short code or an alphanumeric sender.
    `messagingServiceSid`: `MG…`, a Messaging Service that chooses the sender.
    `contentSid`: `HX…`, a Content template that is sent instead of our text. WhatsApp takes nothing else outside the
        24 hours after a person wrote.
    `contentVariables`: what fills it: `{"1": "${contact:firstName|there}", "2": "${link}"}`.
    `validityPeriodSeconds`: how long Twilio may queue a message, 1 to 36000.
    `concurrency`: requests at a time of each worker process, 1 to 64 (32).
    `baseUrl`, `lookupsBaseUrl`: other addresses of the API (regions, proxies).

    A try of unknown outcome is told by its status callback alone: messages can be searched by number and time, but not
    by our id, and one that was found could be of another try. So there is no look-up.
    """

    label = "Twilio"
    channels = frozenset({Channel.SMS, Channel.WHATSAPP})
    # Two rounds of the 32 requests at a time. More gain little (at 50 ms a request 128 were 7 % faster, 256 12 %), and
    # whoever is in doubt together when a worker dies is never sent to again.
    batch_size = 64
    credential_names = ("account_sid", "auth_token")
    evidence_window = timedelta(minutes=15)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._variables = twilio_configuration.content_variables(account.configuration)
        self._http: PooledHttpClient | None = None
        self._calls: ParallelCalls | None = None
        self._resource: Any = None  # the SDK's list of messages

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong, and every name that means nothing."""
        names = twilio_configuration.known_names()
        unknown = {name: value for name, value in configuration.items() if name not in names}
        return twilio_configuration.configuration_faults(configuration) + super().configuration_faults(unknown)

    @property
    def value_keys(self) -> frozenset[str]:
        return frozenset[str]().union(*(text.keys for text in self._variables.values()))

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        faults = self.configuration_faults(self.account.configuration)
        faults += twilio_configuration.account_faults(self.account)
        if faults:
            return [Result(Outcome.PERMANENT, detail=" ".join(faults), scope=Scope.ACCOUNT)] * len(messages)
        calls = self._open()
        results = calls.send(messages, lambda message: self._send(self._parameters(message)))
        if calls.is_stuck:
            self.close()
        return results

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        return read_webhook(self.account, webhook, now)

    def close(self) -> None:
        if self._calls is not None:
            self._calls.close()
        if self._http is not None:
            self._http.close()
        self._calls = self._http = self._resource = None

    def _open(self) -> ParallelCalls:
        """Threads, and the connections that they use: those of the batch before, if there was one."""
        if self._calls is not None:
            return self._calls
        from channels.providers.twilio.transport import open_client  # the SDK, for those who send

        count = self.account.configuration.get("concurrency") or twilio_configuration.DEFAULT_CONCURRENCY
        client = open_client(self.account, count)
        self._resource, self._http = client.messages, client.http_client
        self._calls = ParallelCalls(count, "twilio")
        return self._calls

    def _send(self, parameters: dict[str, Any]) -> tuple[Result, bool]:
        """What became of one message, and whether it would become of all others, too."""
        from channels.providers.http_connections import NotConnected, NotSent
        from channels.providers.twilio.transport import Refused

        try:
            created = self._resource.create(**parameters)
        except NotSent as failure:
            return Result(Outcome.TRANSIENT, detail=_one_line(str(failure))), isinstance(failure, NotConnected)
        except Refused as refused:
            result = _refusal(refused)
            return result, result.outcome is Outcome.THROTTLED or result.scope is Scope.ACCOUNT
        except Exception as error:
            # A timeout, a reset, an answer cut off or in no known form: the request has left.
            return Result(Outcome.UNKNOWN, detail=_one_line(str(error) or type(error).__name__)), False
        return Result(Outcome.ACCEPTED, created.sid or "", "201", created.status or ""), False

    def _parameters(self, message: Message) -> dict[str, Any]:
        """One message as the SDK takes it."""
        known = self.account.configuration
        prefix = "whatsapp:" if self.account.channel == Channel.WHATSAPP else ""
        parameters: dict[str, Any] = {"to": prefix + message.to}
        if known.get("from"):
            parameters["from_"] = prefix + known["from"]
        if known.get("messagingServiceSid"):
            parameters["messaging_service_sid"] = known["messagingServiceSid"]
        if known.get("contentSid"):
            parameters["content_sid"] = known["contentSid"]
            # WhatsApp refuses variables with line breaks, tabs or runs of spaces.
            variables = {name: encode_subject(text.fill(message.values)) for name, text in self._variables.items()}
            if variables:
                parameters["content_variables"] = json.dumps(variables, ensure_ascii=False)
        else:
            parameters["body"] = message.text
        if known.get("validityPeriodSeconds"):
            parameters["validity_period"] = known["validityPeriodSeconds"]
        # A name without a dot, such as a laptop's localhost, Twilio refuses with 21609, and with it the message.
        if "." in (urlsplit(self.account.webhook_url).hostname or ""):
            parameters["status_callback"] = status_callback_url(self.account, message.attempt_id)
        return parameters


def _refusal(refused: "Refused") -> Result:
    meaning = read_refusal(refused.status, refused.code)
    asked, usual = refused.retry_after_seconds, meaning.retry_after_seconds
    return Result(
        meaning.outcome,
        code=str(refused.code or refused.status),
        detail=_one_line(str(refused)),
        scope=meaning.scope,
        retry_after_seconds=(usual if asked is None else asked) if meaning.outcome is Outcome.THROTTLED else None,
        opted_out=meaning.opted_out,
    )


def _one_line(text: str) -> str:
    return encode_subject(text)[:DETAIL_LENGTH]
