"""Receive a provider's webhook request for one account: verify it, ingest its events, answer it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from channels.credentials import UNREADABLE, UnreadableCredentials
from channels.events import EventKind, ForgedWebhookError, Webhook, WebhookAnswer
from channels.models import ProviderAccount
from channels.providers.registry import provider_class
from contacts.number_rules import refuse_number
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.route.step_context import as_account
from distributor.models import ProviderEvent

A_DAY: Final = timedelta(days=1)
MAX_HELP_TEXTS_A_DAY: Final = 5


class UnreadableAccountError(Exception):
    """A request cannot be verified, because the account's credentials cannot be read now."""


class UnknownAccountError(Exception):
    """There is no provider account with this id."""


def receive_webhook(
    account_id: UUID, attempt_id: str, query: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> WebhookAnswer:
    """Ingest the events of a webhook request and return the answer that the provider expects.

    `attempt_id` and `query` are what followed the account's webhook URL; `headers` have lower-case names. Signatures
    are checked against that public URL, never against the Host header. Switched-off accounts still receive webhooks.
    Raises UnknownAccountError, UnreadableAccountError and ForgedWebhookError.
    """
    provider_account = ProviderAccount.objects.select_related("organization").filter(id=account_id).first()
    if provider_account is None:
        raise UnknownAccountError
    account = as_account(provider_account)
    url = account.webhook_url
    if attempt_id:
        url += "/" + quote(attempt_id, safe="")
    if query:
        url += "?" + query
    try:
        answer = provider_class(provider_account.kind)(account).read_webhook(Webhook(url, headers, body), now)
    except ForgedWebhookError as error:
        if isinstance(account.credentials, UnreadableCredentials):
            raise UnreadableAccountError(UNREADABLE) from error
        raise
    new_events = ingest_events(account, answer.events, now) if answer.events else []
    askers = [event.address for event in new_events if event.kind == EventKind.ASKED_HELP]
    if askers and _may_help(provider_account, askers[0], now):
        return replace(answer, body=answer.help_body)
    return answer


def _may_help(account: ProviderAccount, phone: str, now: datetime) -> bool:
    """Return whether a person who has just asked for help is sent the help text.

    Also after a STOP: HELP is answered whether or not the person is subscribed (CTIA Short Code Monitoring Handbook;
    Twilio, “US Short Code Keyword Requirements”). Not to numbers that the organisation does not send to. Two machines
    that answer each other would never end, so a number gets MAX_HELP_TEXTS_A_DAY.
    """
    if refuse_number(phone, account.organization.number_rules) is not None:
        return False
    asked = ProviderEvent.objects.filter(
        address=phone, kind=EventKind.ASKED_HELP, provider_account_id=account.pk, received_at__gt=now - A_DAY
    )
    return asked.count() <= MAX_HELP_TEXTS_A_DAY
