"""One message by itself: the test of a provider account or of a template. It belongs to no distribution.

Nothing is recorded of it and no limit counts it. The rules that protect people hold: nothing goes to an address that is
suppressed, or whose contact has opted out.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.models import ProviderAccount
from channels.providers.base import Message, Outcome, Result, Scope, Sender
from channels.providers.registry import open_provider
from channels.rendering import CompiledVariant, compile_variant
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact
from distributor.engine.eligibility.facts import find_suppression
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.infrastructure.transactions import release_connection
from distributor.engine.route.step_context import as_account

# What came of it, for the operator. The provider's own words stand beside it.
SENTENCES: Final[Mapping[Outcome, str | Promise]] = {
    Outcome.ACCEPTED: _("Sent."),
    Outcome.PERMANENT: _("It was refused."),
    Outcome.TRANSIENT: _("It did not work this time."),
    Outcome.THROTTLED: _("The provider says: too fast."),
    Outcome.UNKNOWN: _("The answer was lost, so nobody knows whether it arrived."),
}
# The text of an account's test. It has no link: there is no survey behind it.
ACCOUNT_TEST = compile_variant(
    "en",
    "Test message from Distributor",
    "<p>This is a test message from Distributor. The provider account works.</p>",
    "This is a test message from Distributor. The provider account works.",
)


def send_single_message(
    account: ProviderAccount, to: str, variant: CompiledVariant, values: Mapping[str, str]
) -> Result:
    """Send one message now, and return what the provider said. It can take as long as the provider does: 45 s.

    `to` is an address in its one spelling (contacts/suppressions.py:spell_address). `values` fill the variant, and what
    the account's own texts name (Provider.value_keys).
    """
    if refusal := _refusal(account.organization_id, account.channel, to):
        return Result(Outcome.PERMANENT, detail=refusal, scope=Scope.RECIPIENT)
    provider = open_provider(account.kind, as_account(account))
    link = f"{settings.PUBLIC_BASE_URL}/"
    blanks = dict.fromkeys(provider.value_keys, "…")
    message = Message(
        attempt_id=f"test-{new_id().hex}",
        group_id="test",
        to=to,
        to_name="",
        sender=Sender(account.from_email, account.from_name, account.reply_to_email),
        variant=variant,
        values={**blanks, "link": link, "unsubscribe": link, **values},
        unsubscribe_url=values.get("unsubscribe", link),
        installation_id=read_installation_id(),
    )
    release_connection()
    return provider.send_batch([message])[0]


def _refusal(organization_id: UUID, channel: str, to: str) -> str:
    """Return why nothing may be sent to an address, or ""."""
    if reason := find_suppression(organization_id, channel, to):
        return f"Not sent: this address is suppressed ({reason.replace('_', ' ')})."
    is_theirs = Q(email_lower=to) if channel == Channel.EMAIL else Q(phone=to)
    contacts = Contact.objects.alias(email_lower=Lower("email")).filter(is_theirs, organization_id=organization_id)
    if contacts.filter(opted_out_at__isnull=False).exists():
        return "Not sent: a contact with this address has opted out."
    return ""
