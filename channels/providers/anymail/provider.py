"""E-mail through any service that django-anymail supports: https://anymail.dev/en/stable/esps/"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from channels.events import ForgedWebhookError, Webhook, WebhookAnswer
from channels.providers.anymail import configuration as anymail_configuration
from channels.providers.base import Account, Message, Result
from channels.providers.configuration import ConfigurationFault, unknown_fields
from channels.providers.mime import refuse_addresses
from channels.providers.parallel_calls import ParallelProvider
from contacts.channel import Channel

# A repeated request must arrive while the service still knows the key.
KEY_MARGIN = timedelta(minutes=1)


class Anymail(ParallelProvider):
    """One request per message, `concurrency` at a time, so that a failed request affects one message.

    Credentials: `api_key`, for Mailjet also `secret_key`. `webhook_secret` verifies events: the service's signing key,
    or “user:password” if the service supports Basic authentication only. Without it all events are refused.
    """

    label = "Anymail (Postmark, Mailgun, Brevo, Mailjet, Resend, SparkPost …)"
    channels = frozenset({Channel.EMAIL})
    # Eight rounds of eight requests: enough to keep them busy, few enough to be of unknown outcome together.
    batch_size = 64
    settings = anymail_configuration.SETTINGS
    credential_names = ("api_key", "secret_key", "webhook_secret")
    address_fields = frozenset({"esp", "baseUrl", "region"})
    evidence_window = timedelta(minutes=15)
    thread_name = "anymail"
    default_concurrency = anymail_configuration.DEFAULT_CONCURRENCY

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._service = anymail_configuration.service_of(account.configuration)
        self._backend: Any = None  # Anymail's, with a session of ours

    @property
    def repeat_window(self) -> timedelta:
        if self._service is None or self._service.key_place is None:
            return timedelta(0)
        return self._service.key_lifetime - KEY_MARGIN

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
        known = anymail_configuration.known_fields(configuration)
        return anymail_configuration.find_faults(configuration) + unknown_fields(configuration, known, cls.label)

    def account_faults(self) -> list[str]:
        return super().account_faults() + anymail_configuration.credential_faults(self.account)

    def refuse_message(self, message: Message) -> Result | None:
        return refuse_addresses(message)

    def open(self, concurrency: int) -> None:
        from channels.providers.anymail.transport import open_backend  # imports Anymail, which is slow

        assert self._service is not None
        self._backend = open_backend(self._service, self.account, concurrency)

    def send_one(self, message: Message) -> Result:
        from channels.providers.anymail.answers import send

        assert self._service is not None
        return send(self._backend, self._service, message)

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        if self._service is None:
            raise ForgedWebhookError("the account names no known service")
        from channels.providers.anymail.events import read_events

        return WebhookAnswer(read_events(self._service, self.account, webhook, now))

    def close(self) -> None:
        super().close()
        if self._backend is not None:
            self._backend.session.close()
        self._backend = None
