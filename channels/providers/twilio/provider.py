"""SMS and WhatsApp by Twilio (https://www.twilio.com/docs/messaging/api/message-resource)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from urllib3.exceptions import HTTPError

from channels.events import Webhook, WebhookAnswer
from channels.providers.base import Account, Message, Outcome, Result, Scope, describe_error, one_line
from channels.providers.configuration import ConfigurationFault, unknown_fields
from channels.providers.http_connections import NotSentError, result_of_unsent
from channels.providers.parallel_calls import ParallelProvider
from channels.providers.twilio import configuration as twilio_configuration
from channels.providers.twilio.codes import read_refusal
from channels.providers.twilio.events import read_webhook, status_callback_url
from channels.rendering import encode_subject, missing_keys
from contacts.addresses import strip_unseen
from contacts.channel import Channel

if TYPE_CHECKING:
    from channels.providers.twilio.transport import PooledHttpClient, RefusedError

logger = structlog.get_logger(__name__)


class Twilio(ParallelProvider):
    """One request per message, `concurrency` at a time.

    Only the status callback can resolve an attempt of unknown outcome. Messages can be searched by number and time, but
    not by our id, so a message found that way could belong to another attempt.
    """

    label = "Twilio"
    channels = frozenset({Channel.SMS, Channel.WHATSAPP})
    # Two rounds of 32 requests. More gain little (at 50 ms per request 128 were 7 % faster, 256 12 %), and if a worker
    # dies, the messages whose outcome is then unknown are never sent again.
    batch_size = 64
    settings = twilio_configuration.SETTINGS
    credential_names = ("account_sid", "auth_token")
    address_fields = frozenset({"baseUrl", "lookupsBaseUrl"})
    evidence_window = timedelta(minutes=15)
    thread_name = "twilio"
    default_concurrency = twilio_configuration.DEFAULT_CONCURRENCY

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._variables = twilio_configuration.content_variables(account.configuration)
        self._http: PooledHttpClient | None = None
        self._resource: Any = None  # the SDK's list of messages
        self._reported_variables: set[str] = set()

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        return twilio_configuration.find_faults(configuration) + unknown_fields(configuration, cls.settings, cls.label)

    def account_faults(self) -> list[str]:
        return super().account_faults() + twilio_configuration.account_faults(self.account)

    @property
    def value_keys(self) -> frozenset[str]:
        return frozenset[str]().union(*(text.keys for text in self._variables.values()))

    def missing_keys(self, message: Message) -> list[str]:
        """Of a Content template only the variables count: our own text is not sent."""
        if not self.account.configuration.get("contentSid"):
            return super().missing_keys(message)
        return missing_keys(self._variables.values(), message.values)

    def open(self, concurrency: int) -> None:
        from channels.providers.twilio.transport import open_client  # imports the SDK, which is slow

        client = open_client(self.account, concurrency)
        self._resource, self._http = client.messages, client.http_client

    def send_one(self, message: Message) -> Result:
        from channels.providers.twilio.transport import RefusedError

        try:
            created = self._resource.create(**self._parameters(message))
        except RefusedError as refused:
            return _read_refusal(refused)
        return Result(Outcome.ACCEPTED, created.sid or "", "201", created.status or "")

    def test_connection(self) -> Result:
        """Read the account itself, which any valid pair of credentials may."""
        if faults := self.account_faults():
            return Result(Outcome.PERMANENT, detail=one_line(" ".join(faults)), scope=Scope.ACCOUNT)
        from channels.providers.twilio.transport import RefusedError, open_client

        client = open_client(self.account, 1)
        try:
            read = client.api.accounts(self.account.credentials["account_sid"]).fetch()
        except RefusedError as refused:
            return _read_refusal(refused)
        except NotSentError as error:
            return result_of_unsent(error)
        except HTTPError as error:
            return Result(Outcome.TRANSIENT, detail=describe_error(error), scope=Scope.ROUTE)
        finally:
            client.http_client.close()
        detail = one_line(f"Twilio knows the account, which is {read.status}.")
        return Result(Outcome.ACCEPTED, code="200", detail=detail)

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        return read_webhook(self.account, webhook, now)

    def close(self) -> None:
        super().close()
        if self._http is not None:
            self._http.close()
        self._http = self._resource = None

    def _parameters(self, message: Message) -> dict[str, Any]:
        """Return the SDK's arguments for a message."""
        known = self.account.configuration
        prefix = "whatsapp:" if self.account.channel == Channel.WHATSAPP else ""
        parameters: dict[str, Any] = {"to": prefix + message.to}
        if known.get("from"):
            parameters["from_"] = prefix + known["from"]
        if known.get("messagingServiceSid"):
            parameters["messaging_service_sid"] = known["messagingServiceSid"]
        if known.get("contentSid"):
            parameters["content_sid"] = known["contentSid"]
            variables = self._content_variables(message)
            if variables:
                parameters["content_variables"] = json.dumps(variables, ensure_ascii=False)
        else:
            parameters["body"] = message.text
        if known.get("validityPeriodSeconds"):
            parameters["validity_period"] = known["validityPeriodSeconds"]
        # Twilio refuses a message (21609) whose callback host has no dot, for example a laptop's localhost.
        if "." in (urlsplit(self.account.webhook_url).hostname or ""):
            parameters["status_callback"] = status_callback_url(self.account, message.attempt_id)
        return parameters

    def _content_variables(self, message: Message) -> dict[str, str]:
        """Return the template's variables for a message, on one line: WhatsApp refuses line breaks and runs of spaces.

        Twilio refuses the whole message because of an empty one (21656), and takes the template's own sample for one
        that is left out (https://www.twilio.com/docs/api/errors/21656).
        """
        filled = {name: encode_subject(text.fill(message.values)) for name, text in self._variables.items()}
        for name in [name for name, value in filled.items() if not strip_unseen(value)]:
            del filled[name]
            if name not in self._reported_variables:  # once while the account is open, not once per message
                self._reported_variables.add(name)
                logger.warning("content_variable_left_out", account=str(self.account.id), variable=name)
        return filled


def _read_refusal(refused: "RefusedError") -> Result:
    meaning = read_refusal(refused.status, refused.code)
    pause, default_pause = refused.retry_after_seconds, meaning.retry_after_seconds
    return Result(
        meaning.outcome,
        code=str(refused.code or refused.status),
        detail=one_line(str(refused)),
        scope=meaning.scope,
        retry_after_seconds=(default_pause if pause is None else pause)
        if meaning.outcome is Outcome.THROTTLED
        else None,
        opted_out=meaning.opted_out,
    )
