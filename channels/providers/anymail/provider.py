"""E-mail by any service that django-anymail speaks to: https://anymail.dev/en/stable/esps/"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from channels.events import ForgedWebhookError, Webhook, WebhookAnswer
from channels.providers.anymail import services as anymail_services
from channels.providers.base import Account, Message, Outcome, Provider, Result, Scope
from channels.providers.mime import refuse_addresses
from channels.providers.parallel_calls import ParallelCalls
from contacts.channel import Channel


class Anymail(Provider):
    """One request per message, `concurrency` at a time: what befalls a request befalls nobody else.

    Configuration: `esp` names the service (a key of anymail_services.SERVICES) and is needed; optional are
    `concurrency`, requests at a time, 1 to 32 (8); `baseUrl`, another address of its API (regions, proxies; needed
    where the service has no single one); and what only one service knows: `messageStream` (Postmark), `senderDomain`
    (Mailgun), `projectId` and `region` (Scaleway), `sandboxId` (Mailtrap), `subaccount` (SparkPost).

    Credentials: `api_key`, for Mailjet also `secret_key`; `webhook_secret` is what its events are believed by: the
    service's signing key, or “user:password” where it knows only Basic authentication. Without it nothing is believed.
    """

    label = "Anymail (Postmark, Mailgun, Brevo, Mailjet, Resend, SparkPost …)"
    channels = frozenset({Channel.EMAIL})
    # Eight rounds of the eight requests at a time: long enough to keep them busy, short enough to be in doubt together.
    batch_size = 64
    credential_names = ("api_key", "secret_key", "webhook_secret")
    evidence_window = timedelta(minutes=15)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._calls: ParallelCalls | None = None
        self._backend: Any = None  # Anymail's, with a session of ours

    @classmethod
    def configuration_faults(cls, configuration: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong, and every name that means nothing to the service."""
        names = anymail_services.known_names(configuration)
        unknown = {name: value for name, value in configuration.items() if name not in names}
        return anymail_services.configuration_faults(configuration) + super().configuration_faults(unknown)

    def send_batch(self, messages: Sequence[Message]) -> list[Result]:
        service = anymail_services.service_of(self.account.configuration)
        faults = self.configuration_faults(self.account.configuration)
        faults += anymail_services.credential_faults(self.account)
        if faults or service is None:
            return [Result(Outcome.PERMANENT, detail=" ".join(faults), scope=Scope.ACCOUNT)] * len(messages)
        calls = self._open(service)
        results = calls.send(messages, lambda message: self._send(service, message))
        if calls.is_stuck:
            self.close()
        return results

    def read_webhook(self, webhook: Webhook, now: datetime) -> WebhookAnswer:
        service = anymail_services.service_of(self.account.configuration)
        if service is None:
            raise ForgedWebhookError("the account names no service")
        from channels.providers.anymail.events import read_events

        return WebhookAnswer(read_events(service, self.account, webhook, now))

    def close(self) -> None:
        if self._calls is not None:
            self._calls.close()
        if self._backend is not None:
            self._backend.session.close()
        self._calls = self._backend = None

    def _open(self, service: anymail_services.Service) -> ParallelCalls:
        """Threads, and the connections that they use: those of the batch before, if there was one."""
        if self._calls is None:
            from channels.providers.anymail.transport import open_backend  # Anymail, for those who send

            count = self.account.configuration.get("concurrency") or anymail_services.DEFAULT_CONCURRENCY
            self._backend = open_backend(service, self.account, count)
            self._calls = ParallelCalls(count, "anymail")
        return self._calls

    def _send(self, service: anymail_services.Service, message: Message) -> tuple[Result, bool]:
        """What became of one message, and whether it would become of all others, too."""
        from channels.providers.anymail.answers import send

        if (fault := refuse_addresses(message)) is not None:
            return fault, False
        return send(self._backend, service, message)
