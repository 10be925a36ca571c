"""Messages as they were sent, written again from what their attempts keep (decision 46)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from channels.models import KeptText, ProviderAccount
from channels.providers.base import Message, Sender
from channels.rendering import compile_variant
from distributor.models import Attempt, Recipient, Step
from distributor.rules.wording import read_wording

# Attempts whose texts are read at once. Few recipients have more.
MESSAGES_LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class SentMessage:
    """The texts of one attempt's message. `subject` and `html` are "" unless it is an e-mail.

    `is_providers_own`: the provider filled in a template of its own, so that `text` is what ours would have said.
    """

    number: int
    channel: str
    locale: str
    subject: str
    html: str
    text: str
    is_providers_own: bool = False


def read_sent_messages(
    recipient: Recipient, attempts: Sequence[Attempt], steps: Mapping[UUID, Step]
) -> dict[int, SentMessage]:
    """Return the messages of a recipient's attempts by number, in at most two queries.

    Left out are attempts that keep no texts, because they are older or their outcome was never recorded, and those of a
    contact that was erased.
    """
    if recipient.contact.erased_at is not None:
        return {}
    described = [attempt for attempt in attempts if attempt.text_key is not None][-MESSAGES_LIMIT:]
    texts = KeptText.objects.in_bulk({attempt.text_key for attempt in described}) if described else {}
    whatsapp = {attempt.provider_account_id for attempt in described if attempt.channel == "whatsapp"}
    accounts = ProviderAccount.objects.defer("credentials").in_bulk(whatsapp) if whatsapp else {}
    messages = {}
    for attempt in described:
        kept = texts.get(attempt.text_key)
        if kept is not None:
            account = accounts.get(attempt.provider_account_id)
            is_providers_own = account is not None and bool(account.configuration.get("contentSid"))
            messages[attempt.number] = _write(recipient, attempt, steps[attempt.step_id], kept, is_providers_own)
    return messages


def _write(recipient: Recipient, attempt: Attempt, step: Step, kept: KeptText, is_providers_own: bool) -> SentMessage:
    wording = read_wording(recipient.wording)
    unsubscribe_url = f"{settings.PUBLIC_BASE_URL}/u/{recipient.code}"
    message = Message(
        attempt_id="",
        group_id=str(recipient.distribution_id),
        to="",
        to_name="",
        sender=Sender(),
        variant=compile_variant(kept.locale, step.subject or kept.subject, kept.html, kept.text),
        values={
            "link": f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}",
            "unsubscribe": unsubscribe_url,
            "intro": wording.intro,
            **(attempt.piped_values or {}),
        },
        unsubscribe_url=unsubscribe_url,
        own_subject=wording.subject,
    )
    is_email = attempt.channel == "email"
    return SentMessage(
        number=attempt.number,
        channel=attempt.channel,
        locale=kept.locale,
        subject=message.subject if is_email else "",
        html=message.html if is_email else "",
        text=message.text,
        is_providers_own=is_providers_own,
    )
