"""Receive a provider's webhook request for one account: verify it, ingest its events, answer it."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from channels.events import Webhook, WebhookAnswer
from channels.models import ProviderAccount
from channels.providers.registry import provider_class
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.route.step_context import as_account


class UnknownAccountError(Exception):
    """There is no provider account with this id."""


def receive_webhook(
    account_id: UUID, attempt_id: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> WebhookAnswer:
    """Ingest the events of a webhook request and return the answer that the provider expects.

    `attempt_id` and `query` are what followed the account's webhook URL; `headers` have lower-case names. Signatures
    are checked against that public URL, never against the Host header. Switched-off accounts still receive webhooks.
    Raises UnknownAccountError and ForgedWebhookError.
    """
    provider_account = ProviderAccount.objects.filter(id=account_id).first()
    if provider_account is None:
        raise UnknownAccountError
    account = as_account(provider_account)
    url = account.webhook_url
    if attempt_id:
        url += "/" + quote(attempt_id, safe="")
    if query:
        url += "?" + query
    answer = provider_class(provider_account.kind)(account).read_webhook(Webhook(url, headers, body), now)
    if answer.events:
        ingest_events(account, answer.events, now)
    return answer
