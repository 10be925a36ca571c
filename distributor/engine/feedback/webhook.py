"""A provider's request to one account: believed, taken in, answered."""

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
    """There is no provider account of this id."""


def receive_webhook(
    account_id: UUID, attempt_id: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> WebhookAnswer:
    """Take in what a provider tells and give what it wants to hear. `headers` have lower-case names.

    The URL is the account's own as we gave it out, with what followed it: what is signed is that, and a Host header
    proves nothing. An account that is switched off still listens. Raises UnknownAccount and ForgedWebhook.
    """
    row = ProviderAccount.objects.filter(id=account_id).first()
    if row is None:
        raise UnknownAccountError
    account = as_account(row)
    url = account.webhook_url
    if attempt_id:
        url += "/" + quote(attempt_id, safe="")
    if query:
        url += "?" + query
    answer = provider_class(row.kind)(account).read_webhook(Webhook(url, headers, body), now)
    if answer.events:
        ingest_events(account, answer.events, now)
    return answer
